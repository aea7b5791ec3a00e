import { readdirSync, readFileSync } from 'node:fs';

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // ended meanwhile
  }
}

const pids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** All processes that descend from `pid`, with their command lines. */
export function descendants(pid: number): { pid: number; commandLine: string }[] {
  const parents = new Map(pids().map((candidate) => [candidate, parentOf(candidate)]));
  const isBelow = (candidate: number): boolean => {
    const parent = parents.get(candidate);
    return parent !== undefined && parent > 1 && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).flatMap((candidate) => {
    try {
      return [
        { pid: candidate, commandLine: readFileSync(`/proc/${candidate}/cmdline`, 'utf8').replaceAll('\0', ' ') },
      ];
    } catch {
      return [];
    }
  });
}

/** The recorder that a console has forked. */
export function recorderPid(consolePid: number): number {
  const found = descendants(consolePid).find(({ commandLine }) => /main\.(ts|js) recorder/.test(commandLine));
  if (found === undefined) throw new Error('the console has no recorder');
  return found.pid;
}
