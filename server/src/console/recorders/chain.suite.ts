import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { recorderChainResponse, type ChainHeadsRecord, type RecorderChainResponse } from '@choi-canh/shared/chain';
import { recorderListResponse } from '@choi-canh/shared/recorders';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../lib/chain/chain-line.js';
import {
  firstPrevious,
  makeHeadsRecord,
  makeKeyRecord,
  type Head,
  type HeadsRecord,
} from '../../lib/chain/heads-record.js';
import { keyIdOf, publicKeyText } from '../../lib/chain/signed-json.js';
import { CasesHarness, eventually, type OpenTestDatabase, type TestActor } from '../cases.test-harness.js';

const newKey = () => generateKeyPairSync('ed25519').privateKey;
const wire = ({ body, line }: HeadsRecord): ChainHeadsRecord => ({
  sequence: body.sequence,
  at: body.at,
  kind: body.kind,
  line,
});
const head = (camera: string, count: number, what = 'entry'): Head => [
  camera,
  count,
  sha256Hex(`${camera} ${count} ${what}`),
];

/** A recorder's records, one behind the other. */
class Ledger {
  readonly records: ChainHeadsRecord[] = [];
  previous = firstPrevious;
  key: KeyObject;

  constructor(key = newKey()) {
    this.key = key;
  }
  #place() {
    return {
      sequence: this.records.length + 1,
      previous: this.previous,
      at: new Date(1e12 + this.records.length).toISOString(),
    };
  }
  #take(record: HeadsRecord): ChainHeadsRecord {
    this.previous = record.hash;
    this.records.push(wire(record));
    return wire(record);
  }
  sign(...cameras: Head[]): ChainHeadsRecord {
    return this.#take(makeHeadsRecord({ ...this.#place(), why: 'hour', cameras }, this.key));
  }
  rotate(vouching: boolean): ChainHeadsRecord {
    const former = this.key;
    this.key = newKey();
    return this.#take(
      makeKeyRecord(
        { ...this.#place(), former: keyIdOf(publicKeyText(former)) },
        this.key,
        vouching ? former : undefined,
      ),
    );
  }
}

export function chainSuite(open: OpenTestDatabase): void {
  describe('the signed records of a recorder', () => {
    let harness: CasesHarness;
    let ledger: Ledger;
    let admin: TestActor;
    beforeEach(async () => {
      harness = new CasesHarness(open);
      await harness.start();
      ledger = new Ledger();
      admin = harness.actor('administrator');
    });
    afterEach(() => harness.stop());

    const path = (rest = '') => `/api/recorders/${harness.recorderId}/chain${rest}`;
    const view = (actor = admin): Promise<RecorderChainResponse> => actor.get(path(), recorderChainResponse);
    const emit = (...records: ChainHeadsRecord[]) => {
      for (const record of records) harness.recorder.emit({ type: 'chain.heads', record });
    };
    const until = (what: string, condition: (seen: RecorderChainResponse) => boolean): Promise<RecorderChainResponse> =>
      eventually(what, async () => {
        const seen = await view();
        return condition(seen) ? seen : undefined;
      });
    const received = (count: number) =>
      until(`${count} records`, ({ records, items }) => records === count && items.length === count);
    const download = async () =>
      (await (await admin.fetch('GET', path('/records.jsonl'))).text()).split('\n').filter((line) => line !== '');
    const alerted = async () =>
      (await admin.get('/api/recorders', recorderListResponse)).items[0]!.alerts.some(
        ({ code }) => code === 'chain_trouble',
      );
    const settle = () => admin.status('POST', path('/settle'), { reason: 'Đã thay ổ đĩa của đầu ghi' });

    it('are kept as they were sent, each once, and given for verification to an administrator', async () => {
      const first = ledger.sign(head('cam-1', 1));
      const second = ledger.sign(head('cam-1', 3), head('cam-2', 1));
      emit(first, second, second);
      const seen = await received(2);
      expect(seen).toMatchObject({
        keyId: keyIdOf(publicKeyText(ledger.key)),
        publicKey: publicKeyText(ledger.key),
        trouble: null,
      });
      expect(seen.items).toMatchObject([
        { sequence: 2, kind: 'heads', cameras: 2, trouble: null, at: second.at },
        { sequence: 1, cameras: 1 },
      ]);
      expect(await download()).toEqual([first.line, second.line]);
      expect(await alerted()).toBe(false);
      await harness.stopConsole();
      await harness.startConsole();
      emit(ledger.sign(head('cam-1', 4), head('cam-2', 1)));
      expect((await received(3)).trouble).toBeNull();

      const technician = harness.actor('technician');
      expect((await view(technician)).records).toBe(3);
      expect(await technician.status('GET', path('/records.jsonl'))).toBe(403);
      expect(await technician.status('POST', path('/settle'), { reason: 'abc' })).toBe(403);
      const ofArea = harness.actor('administrator', await harness.area('Đồng Lương'));
      expect(await ofArea.refusal('POST', path('/settle'), { reason: 'abc' })).toBe('403 outside_area');
      expect(await harness.actor('commune_officer').status('GET', path())).toBe(403);
      expect(await admin.refusal('POST', path('/settle'), { reason: 'abc' })).toBe('409 no_chain_trouble');
      expect(
        await admin.refusal('GET', path().replace(harness.recorderId, '00000000-0000-4000-8000-000000000000')),
      ).toBe('404 recorder_not_found');
    });

    it('that did not come are asked for, so that a lost event is no trouble', async () => {
      for (let count = 1; count <= 6; count++) ledger.sign(head('cam-1', count));
      harness.recorder.chainRecords = ledger.records.slice(0, 5);
      emit(ledger.records[4]!);
      expect((await received(5)).trouble).toBeNull();
      // Without any event: the recorder says how far it is, when it is found again.
      harness.recorder.chainRecords = ledger.records;
      harness.recorder.chain = { ...harness.recorder.chain, sequence: 6 };
      harness.recorder.startedAt = new Date().toISOString();
      expect((await received(6)).trouble).toBeNull();
      expect(await download()).toEqual(ledger.records.map(({ line }) => line));
    });

    it('that the recorder does not have any more are a trouble, until it is settled', async () => {
      for (let count = 1; count <= 4; count++) ledger.sign(head('cam-1', count));
      emit(ledger.records[0]!);
      await received(1);
      harness.recorder.chainRecords = ledger.records.slice(3);
      emit(ledger.records[3]!);
      const seen = await until('a trouble', ({ trouble }) => trouble !== null);
      expect(seen.trouble).toMatchObject({ code: 'records_missing', sequence: 4 });
      await eventually('the alert', alerted);
      expect(await settle()).toBe(204);
      expect((await view()).trouble).toBeNull();
      await eventually('no alert', async () => !(await alerted()));
      const [record] = await harness.trail('recorder.chain_settle');
      expect(record).toMatchObject({
        purpose: 'Đã thay ổ đĩa của đầu ghi',
        details: { code: 'records_missing', count: 1 },
      });
      emit(ledger.sign(head('cam-1', 5)));
      expect((await received(3)).trouble).toBeNull();
    });

    it.each<[string, (ledger: Ledger) => ChainHeadsRecord[], string, string[]?]>([
      ['another key', (of) => otherKey(of), 'key_changed'],
      ['a lost key', (of) => [of.rotate(false), of.sign(head('cam-1', 3))], 'key_changed'],
      ['a changed record', (of) => [changed(of.sign(head('cam-1', 3)))], 'bad_signature'],
      ['records made anew', () => [new Ledger().sign(head('cam-1', 1))], 'started_anew'],
      ['another second record', (of) => [fork(of)], 'not_following'],
      ['a chain that lost entries', (of) => [of.sign(head('cam-1', 1), head('cam-2', 1))], 'chain_shorter', ['cam-1']],
      ['a chain rewritten', (of) => [of.sign(head('cam-1', 2, 'other'), head('cam-2', 9))], 'chain_shorter', ['cam-1']],
      ['a chain gone', (of) => [of.sign(head('cam-1', 2))], 'chain_shorter', ['cam-2']],
    ])('%s is kept and is a trouble', async (_what, make, code, cameraIds = []) => {
      emit(ledger.sign(head('cam-1', 1), head('cam-2', 1)), ledger.sign(head('cam-1', 2), head('cam-2', 1)));
      await received(2);
      const made = make(ledger);
      emit(...made);
      const seen = await received(2 + made.length);
      expect(seen.trouble).toMatchObject({ code, cameraIds });
      expect(seen.items.some(({ trouble }) => trouble === code)).toBe(true);
      await eventually('the alert', alerted);
      await harness.stopConsole();
      await harness.startConsole();
      await eventually('the alert after a restart', alerted);
    });
    /** The third record, rightly linked, by somebody else. */
    function otherKey(of: Ledger): ChainHeadsRecord[] {
      const record = makeHeadsRecord(
        {
          sequence: 3,
          previous: of.previous,
          at: new Date().toISOString(),
          why: 'hour',
          cameras: [head('cam-1', 3), head('cam-2', 1)],
        },
        newKey(),
      );
      return [wire(record)];
    }
    function changed(record: ChainHeadsRecord): ChainHeadsRecord {
      const json = record.line.slice(65).replace('"why":"hour"', '"why":"stop"');
      return { ...record, line: `${sha256Hex(json)} ${json}` };
    }
    function fork(of: Ledger): ChainHeadsRecord {
      const previous = of.records[0]!.line.slice(0, 64);
      return wire(
        makeHeadsRecord(
          { sequence: 2, previous, at: new Date().toISOString(), why: 'hour', cameras: [head('cam-1', 9)] },
          of.key,
        ),
      );
    }

    it('go over to a key that the former one vouches for, and after a settlement to one that is lost', async () => {
      emit(ledger.sign(head('cam-1', 1)), ledger.rotate(true), ledger.sign(head('cam-1', 2)));
      const seen = await received(3);
      expect(seen).toMatchObject({ trouble: null, keyId: keyIdOf(publicKeyText(ledger.key)) });
      emit(ledger.rotate(false), ledger.sign(head('cam-1', 3)));
      await received(5);
      expect(await settle()).toBe(204);
      emit(ledger.sign(head('cam-1', 4)));
      expect(await received(6)).toMatchObject({ trouble: null, keyId: keyIdOf(publicKeyText(ledger.key)) });
      expect(await download()).toEqual(ledger.records.map(({ line }) => line));
    });

    it('begin anew after a settlement, and what was before stays kept', async () => {
      emit(ledger.sign(head('cam-1', 1)), ledger.sign(head('cam-1', 2)));
      await received(2);
      const second = new Ledger(ledger.key);
      emit(second.sign(head('cam-1', 1, 'anew')), second.sign(head('cam-1', 2, 'anew')), second.sign(head('cam-1', 3)));
      await received(5);
      expect(await settle()).toBe(204);
      emit(second.sign(head('cam-1', 4)));
      expect((await received(6)).trouble).toBeNull();
      expect(await download()).toEqual(second.records.map(({ line }) => line));
    });
  });
}
