import { writeReviewAddress, type ReviewAddress } from './review-address.js';

/** What changes in the address, or how it changes from what was last written. */
export type AddressChange = Partial<ReviewAddress> | ((latest: ReviewAddress) => Partial<ReviewAddress>);

export interface AddressWriter {
  /** The address as the page now reads it. */
  seen(address: ReviewAddress): void;
  /** The whole address after the change. */
  change(change: AddressChange): ReviewAddress;
}

/**
 * The page reads its address some time after it was written. Changes in between build on what was written, not on what
 * is read, so that none is lost; an address that was not written here (back, a link) replaces everything.
 */
export function createAddressWriter(start: ReviewAddress): AddressWriter {
  let latest = start;
  let unseen: string[] = [];
  const textOf = (address: ReviewAddress) => writeReviewAddress(address).toString();
  return {
    seen(address) {
      const index = unseen.lastIndexOf(textOf(address));
      if (index >= 0) {
        unseen = unseen.slice(index + 1);
        return;
      }
      unseen = [];
      latest = address;
    },
    change(change) {
      latest = { ...latest, ...(typeof change === 'function' ? change(latest) : change) };
      unseen.push(textOf(latest));
      if (unseen.length > 50) unseen.shift();
      return latest;
    },
  };
}
