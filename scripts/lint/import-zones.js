import { dirname, relative, resolve, sep } from 'node:path';

/**
 * ESLint rule: imports go one way (shared ← lib ← platform ← recorder | console ← backup ← main), and inside a floor no feature
 * imports another. Composition files (`*.app.ts` and the files beside them) may import every feature of their floor.
 */
const floorRank = { lib: 0, platform: 1, recorder: 2, console: 2, backup: 2.5, '': 3 };

function placeOf(file, root) {
  const parts = relative(root, file).split(sep);
  if (parts[0] === 'client' && parts[1] === 'src' && parts[2] === 'features') {
    return { workspace: 'client', floor: 'features', feature: parts.length > 4 ? parts[3] : '' };
  }
  if (parts[0] !== 'server' || parts[1] !== 'src') return { workspace: parts[0], floor: undefined, feature: '' };
  const inFloor = parts.length > 3;
  return { workspace: 'server', floor: inFloor ? parts[2] : '', feature: parts.length > 4 ? parts[3] : '' };
}

export const importZones = {
  meta: { type: 'problem', schema: [], messages: { zone: '{{text}}' } },
  create(context) {
    const from = placeOf(context.filename, context.cwd);
    const isTest = /\.(test|suite|contract)\.tsx?$/.test(context.filename) || context.filename.includes('test-harness');
    function check(node) {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string' || !specifier.startsWith('.')) return;
      const to = placeOf(resolve(dirname(context.filename), specifier), context.cwd);
      const report = (text) => context.report({ node, messageId: 'zone', data: { text } });
      if (from.workspace !== to.workspace && ['server', 'client', 'shared'].includes(from.workspace) && !isTest) {
        report(`${from.workspace} reaches into ${to.workspace}: import the package instead`);
        return;
      }
      if (from.workspace !== to.workspace || isTest) return;
      if (from.floor === 'features' && to.floor === 'features' && from.feature !== to.feature) {
        report(`feature ${from.feature} imports feature ${to.feature}`);
      }
      if (from.workspace !== 'server' || from.floor === undefined || to.floor === undefined) return;
      const fromRank = floorRank[from.floor] ?? 3;
      const toRank = floorRank[to.floor] ?? 3;
      if (fromRank < toRank && !(to.floor === '' && specifier.endsWith('/config.js'))) {
        report(`${from.floor} imports from the floor above it, ${to.floor || 'main'}`);
      } else if (fromRank === toRank && from.floor !== to.floor && from.floor !== '') {
        report(`${from.floor} and ${to.floor} never import each other`);
      } else if (
        from.floor === to.floor &&
        ['recorder', 'console'].includes(from.floor) &&
        from.feature !== '' &&
        to.feature !== from.feature
      ) {
        report(`feature ${from.feature} imports ${to.feature || 'its composition'}: declare the interface it needs`);
      }
    }
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};
