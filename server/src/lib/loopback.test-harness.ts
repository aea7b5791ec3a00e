import { AddressRules } from './address-rules.js';

/** Where simulated cameras and recorders of tests, demo and benchmarks are: what CHOI_CANH_ALLOWED_ADDRESSES is there. */
export const loopbackAddresses = ['127.0.0.0/8', '::1'];
export const loopbackRules = new AddressRules(loopbackAddresses);
