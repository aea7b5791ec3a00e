/**
 * What a command needs before it can run, in this order. Who only asks how it is called (`--help`) waits for no packages
 * of the system and for no build.
 * @param {readonly string[]} args of the command
 * @param {{ checkNode(): void, ensureSystemPackages(): Promise<void>, ensureDependencies(): Promise<void>, ensureBuild(): Promise<void> }} steps
 */
export async function prepare(args, steps) {
  const asksOnly = args.includes('--help');
  steps.checkNode();
  if (!asksOnly) await steps.ensureSystemPackages();
  await steps.ensureDependencies();
  if (!asksOnly) await steps.ensureBuild();
}
