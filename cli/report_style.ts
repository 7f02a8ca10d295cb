/**
 * How the report looks.
 *
 * @module
 */

/** The page's style sheet, for light and dark screens and for paper. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ink: #1b1f23; --quiet: #59636e; --rule: #d1d9e0; --bar: #2f7d5b; --box: #9cc9b4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9198a1; --rule: #3d444d; --bar: #5fb891; --box: #2f5f4b; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
p { color: var(--quiet); max-width: 45rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid var(--rule); vertical-align: middle; }
th { font-weight: 600; color: var(--quiet); }
td:first-child { white-space: nowrap; }
.numbers td:nth-child(2), .numbers td:nth-child(n+4):nth-child(-n+7),
.numbers th:nth-child(2), .numbers th:nth-child(n+4):nth-child(-n+7) { text-align: right; }
.workers td:nth-child(-n+2), .workers th:nth-child(-n+2) { text-align: right; }
svg { display: block; max-width: 100%; }
.bar { fill: var(--bar); } .box { fill: var(--box); }
.whisker { stroke: var(--quiet); } .median { stroke: var(--bar); stroke-width: 2; }
`;
