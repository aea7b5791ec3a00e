export type Transport = { kind: 'tcp'; channel: number } | { kind: 'udp'; clientPort: number };

/** What a client would take, in its order (RFC 2326 12.39); what is neither interleaved nor unicast UDP is left out. */
export function parseTransport(header: string): Transport[] {
  return header.split(',').flatMap((alternative): Transport[] => {
    if (/^\s*RTP\/AVP\/TCP(;|\s*$)/i.test(alternative)) {
      const channel = Number(/interleaved=(\d+)/i.exec(alternative)?.[1] ?? 0);
      return channel <= 254 ? [{ kind: 'tcp', channel }] : [];
    }
    const clientPort = Number(/client_port=(\d+)/i.exec(alternative)?.[1] ?? 0);
    const isUdp = /^\s*RTP\/AVP(\/UDP)?\s*;/i.test(alternative) && !/multicast/i.test(alternative);
    return isUdp && clientPort > 0 && clientPort < 65_535 ? [{ kind: 'udp', clientPort }] : [];
  });
}
