import nodeOnvif from 'node-onvif';
import OnvifServiceDevice from 'node-onvif/lib/modules/service-device.js';
import OnvifServiceMedia from 'node-onvif/lib/modules/service-media.js';
import type { OnvifConnection } from './onvif-connection.js';
import type { XmlElement } from './soap-xml.js';

/**
 * node-onvif's service classes make the requests; what carries them is ours. Its own transport speaks plain HTTP with
 * WS-UsernameToken only, has no limit of size and parses without bounds, so an instance is given a carrier in the place
 * where node-onvif keeps the address, and its SOAP room hands a request with a carrier to that.
 */
class Carrier {
  constructor(readonly send: (operation: string, body: string) => Promise<XmlElement>) {}
}

const soap = nodeOnvif._OnvifSoap;
const ownRequestCommand = soap.requestCommand.bind(soap);
soap.requestCommand = async (address, operation, body) =>
  address instanceof Carrier
    ? { converted: {}, data: await address.send(operation, body) }
    : ownRequestCommand(address, operation, body);

/** What anybody may ask: ONVIF Core, access class PRE_AUTH. */
const anonymousOperations = new Set(['GetSystemDateAndTime', 'GetServices', 'GetCapabilities']);

function carry<S extends { oxaddr: unknown; _createRequestSoap(body: string): string }>(
  service: S,
  url: URL,
  connection: OnvifConnection,
): S {
  service.oxaddr = new Carrier((operation, body) =>
    connection.call(url, operation, body, anonymousOperations.has(operation)),
  );
  service._createRequestSoap = (body) => body;
  return service;
}

export const deviceService = (url: URL, connection: OnvifConnection): OnvifServiceDevice =>
  carry(new OnvifServiceDevice({ xaddr: url.href }), url, connection);

export const mediaService = (url: URL, connection: OnvifConnection): OnvifServiceMedia =>
  carry(new OnvifServiceMedia({ xaddr: url.href, time_diff: 0 }), url, connection);
