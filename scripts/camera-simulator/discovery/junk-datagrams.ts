import { randomBytes } from 'node:crypto';

const soap = 'xmlns:e="http://www.w3.org/2003/05/soap-envelope"';
const discovery = 'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"';

/** Datagrams that a client of WS-Discovery must survive: noise, torn XML, wrong shapes, entities, sheer size. */
export function junkDatagrams(): Buffer[] {
  const inBody = (body: string) =>
    Buffer.from(`<?xml version="1.0"?><e:Envelope ${soap} ${discovery}><e:Body>${body}</e:Body></e:Envelope>`);
  return [
    Buffer.alloc(0),
    randomBytes(700),
    Buffer.from('<?xml version="1.0"?><e:Envelope><e:Body><d:ProbeMatches><d:Pro'),
    inBody('<d:ProbeMatches/>'),
    inBody('<d:ProbeMatches><d:ProbeMatch><d:XAddrs>not an address</d:XAddrs></d:ProbeMatch></d:ProbeMatches>'),
    inBody(
      '<d:ProbeMatches><d:ProbeMatch><d:Scopes>onvif://www.onvif.org/name/%E0%A4%A</d:Scopes>' +
        '<d:XAddrs>http://[::1/onvif file:///etc/passwd javascript:alert(1)</d:XAddrs></d:ProbeMatch></d:ProbeMatches>',
    ),
    Buffer.from(
      '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">' +
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><x>&d;&d;&d;&d;</x>',
    ),
    inBody('<x>'.repeat(5000) + '</x>'.repeat(5000)),
    Buffer.alloc(60_000, '<'),
  ];
}
