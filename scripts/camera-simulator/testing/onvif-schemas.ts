import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryPages, validateXML } from 'xmllint-wasm';

/** What the ONVIF schemas import from elsewhere, in so far as the answers touch it. */
const stubs = {
  'soap-envelope.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:e="http://www.w3.org/2003/05/soap-envelope"
    targetNamespace="http://www.w3.org/2003/05/soap-envelope" elementFormDefault="qualified">
    <xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="xml.xsd"/>
    <xs:element name="Envelope" type="e:Envelope"/>
    <xs:complexType name="Envelope"><xs:sequence>
      <xs:element name="Header" minOccurs="0"><xs:complexType><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Body"><xs:complexType><xs:sequence><xs:any processContents="strict"/></xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType>
    <xs:element name="Fault" type="e:Fault"/>
    <xs:complexType name="Fault"><xs:sequence>
      <xs:element name="Code" type="e:faultcode"/>
      <xs:element name="Reason"><xs:complexType><xs:sequence><xs:element name="Text" maxOccurs="unbounded"><xs:complexType><xs:simpleContent>
        <xs:extension base="xs:string"><xs:attribute ref="xml:lang" use="required"/></xs:extension></xs:simpleContent></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Node" type="xs:anyURI" minOccurs="0"/><xs:element name="Role" type="xs:anyURI" minOccurs="0"/>
      <xs:element name="Detail" minOccurs="0"><xs:complexType><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType>
    <xs:complexType name="faultcode"><xs:sequence>
      <xs:element name="Value"><xs:simpleType><xs:restriction base="xs:QName">
        <xs:enumeration value="e:Sender"/><xs:enumeration value="e:Receiver"/></xs:restriction></xs:simpleType></xs:element>
      <xs:element name="Subcode" type="e:subcode" minOccurs="0"/></xs:sequence></xs:complexType>
    <xs:complexType name="subcode"><xs:sequence><xs:element name="Value" type="xs:QName"/>
      <xs:element name="Subcode" type="e:subcode" minOccurs="0"/></xs:sequence></xs:complexType></xs:schema>`,
  'xml.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
    <xs:attribute name="lang" type="xs:language"/></xs:schema>`,
  'xmlmime.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/2005/05/xmlmime">
    <xs:attribute name="contentType" type="xs:string"/></xs:schema>`,
  'xop.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/2004/08/xop/include">
    <xs:element name="Include"/></xs:schema>`,
  'ws-addr.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:wsa="http://www.w3.org/2005/08/addressing"
    targetNamespace="http://www.w3.org/2005/08/addressing" elementFormDefault="qualified">
    <xs:complexType name="EndpointReferenceType"><xs:sequence><xs:element name="Address" type="xs:anyURI"/>
      <xs:element name="ReferenceParameters" minOccurs="0"><xs:complexType><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
      <xs:element name="Metadata" minOccurs="0"/></xs:sequence></xs:complexType></xs:schema>`,
  't-1.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://docs.oasis-open.org/wsn/t-1">
    <xs:element name="TopicSet"/></xs:schema>`,
  'b-2.xsd': `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"
    targetNamespace="http://docs.oasis-open.org/wsn/b-2" elementFormDefault="qualified">
    <xs:element name="CurrentTime" type="xs:dateTime"/><xs:element name="TerminationTime" type="xs:dateTime"/>
    <xs:simpleType name="AbsoluteOrRelativeTimeType"><xs:union memberTypes="xs:dateTime xs:duration"/></xs:simpleType>
    <xs:element name="FixedTopicSet" type="xs:boolean"/><xs:element name="TopicExpressionDialect" type="xs:anyURI"/>
    <xs:element name="NotificationMessage"><xs:complexType><xs:sequence>
      <xs:element name="Topic" minOccurs="0"><xs:complexType mixed="true"><xs:attribute name="Dialect" type="xs:anyURI" use="required"/></xs:complexType></xs:element>
      <xs:element name="Message"><xs:complexType><xs:sequence><xs:any namespace="##any" processContents="strict"/></xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
    <xs:complexType name="FilterType"><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
    <xs:complexType name="NotificationMessageHolderType"><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:schema>`,
};

const driver = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:import namespace="http://www.w3.org/2003/05/soap-envelope" schemaLocation="soap-envelope.xsd"/>
  <xs:import namespace="http://www.onvif.org/ver10/device/wsdl" schemaLocation="device.xsd"/>
  <xs:import namespace="http://www.onvif.org/ver10/media/wsdl" schemaLocation="media.xsd"/>
  <xs:import namespace="http://www.onvif.org/ver20/media/wsdl" schemaLocation="media2.xsd"/>
  <xs:import namespace="http://www.onvif.org/ver10/events/wsdl" schemaLocation="event.xsd"/>
  <xs:import namespace="http://www.onvif.org/ver10/schema" schemaLocation="onvif.xsd"/></xs:schema>`;

/** Returns a sentence for each rule of the ONVIF schemas in `folder` that a document breaks. */
export async function validateAgainstOnvif(
  folder: string,
  documents: { fileName: string; contents: string }[],
): Promise<string[]> {
  const read = (path: string) => readFile(join(folder, path), 'utf8');
  const preload = [
    ...Object.entries(stubs).map(([fileName, contents]) => ({ fileName, contents })),
    { fileName: 'onvif.xsd', contents: local(await read('ver10/schema/onvif.xsd')) },
    { fileName: 'common.xsd', contents: local(await read('ver10/schema/common.xsd')) },
    { fileName: 'device.xsd', contents: typesOf(await read('ver10/device/wsdl/devicemgmt.wsdl')) },
    { fileName: 'media.xsd', contents: typesOf(await read('ver10/media/wsdl/media.wsdl')) },
    { fileName: 'event.xsd', contents: typesOf(await read('ver10/events/wsdl/event.wsdl')) },
    { fileName: 'media2.xsd', contents: typesOf(await read('ver20/media/wsdl/media.wsdl')) },
  ];
  const result = await validateXML({
    xml: documents,
    schema: [{ fileName: 'driver.xsd', contents: driver }],
    preload,
    maxMemoryPages: memoryPages.GiB,
  });
  return result.errors.map((error) => error.rawMessage);
}

/** The schema inside a WSDL, with the namespaces that the WSDL around it declares. */
function typesOf(wsdl: string): string {
  const schema = /<xs:schema[\s\S]*?<\/xs:schema>/.exec(wsdl)?.[0];
  if (!schema) throw new Error('no schema in the WSDL');
  const own = schema.slice(0, schema.indexOf('>'));
  const outer = /<wsdl:definitions[^>]*>/.exec(wsdl)?.[0] ?? '';
  const inherited = [...outer.matchAll(/xmlns:(\w+)="[^"]*"/g)]
    .filter(([, prefix]) => !own.includes(`xmlns:${prefix ?? ''}=`))
    .map(([declaration]) => declaration);
  return local(schema.replace('<xs:schema', `<xs:schema ${inherited.join(' ')}`));
}

/**
 * Imports from beside it. Optional wildcards go: beside named elements they make the content model ambiguous by
 * XML Schema 1.0, which the validator speaks; the answers hold no extensions, so that nothing is let through by it.
 */
function local(schema: string): string {
  return schema
    .replace(/<xs:any [^>]*minOccurs="0"([^>]*\/>|[^>]*[^/]>[\s\S]*?<\/xs:any>)/g, '')
    .replace(/schemaLocation="[^"]*soap-envelope"/g, 'schemaLocation="soap-envelope.xsd"')
    .replace(/schemaLocation="[^"]*xmlmime"/g, 'schemaLocation="xmlmime.xsd"')
    .replace(/schemaLocation="[^"]*xop\/include"/g, 'schemaLocation="xop.xsd"')
    .replace(/schemaLocation="[^"]*\/([\w.-]+\.xsd)"/g, 'schemaLocation="$1"');
}
