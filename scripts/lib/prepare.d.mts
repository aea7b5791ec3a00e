export interface PrepareSteps {
  checkNode(): void;
  ensureSystemPackages(): Promise<void>;
  ensureDependencies(): Promise<void>;
  ensureBuild(): Promise<void>;
}
export function prepare(args: readonly string[], steps: PrepareSteps): Promise<void>;
