import { config } from 'zod';

// zod's compiled parsers need `new Function`, which the content security policy forbids. A schema looks for it when it
// is made, so this runs before any: imported first by main, and in the same chunk as zod itself (vite.config.ts).
config({ jitless: true });
