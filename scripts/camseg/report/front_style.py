"""How the front page looks: at 1,440 px and at 390, light or dark, in COLOURS of `pages`."""

STYLE = """
:root { --yes: #0b6b52; --no: #a33b00; --yes-paper: #e3f4ee; --no-paper: #fdeee5; }
@media (prefers-color-scheme: dark) {
  :root { --yes: #4cc9a4; --no: #ff9d6b; --yes-paper: #12332b; --no-paper: #3b2416; }
}
* { box-sizing: border-box; }
body { max-width: 1400px; margin: 0 auto; padding: 1.2em 1.5em 3em; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
h1 { margin: 0 0 .3em; font-size: 1.7em; line-height: 1.25; }
h2 { margin: 0 0 .4em; font-size: 1.25em; line-height: 1.3; }
h3 { margin: 1em 0 .2em; font-size: 1em; }
p { margin: .4em 0; max-width: 75em; }
section { margin-top: 1.8em; }
nav { display: flex; flex-wrap: wrap; gap: .2em 1.2em; margin-top: .6em; }
small { display: block; color: var(--faint); font-size: .8em; line-height: 1.3;
  font-weight: normal; }
.cautions { margin: .6em 0; padding: .5em 1em .5em 2em; border-left: 4px solid var(--no);
  background: var(--shade); }
#answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26em), 1fr));
  gap: 1em; margin-top: 1em; }
article { padding: .8em 1.1em; border: 1px solid var(--line); border-radius: 8px; }
article ul { margin: 0 0 .5em; padding: 0; list-style: none; font-size: 1.1em; }
.yes, .no, .open { font-variant-numeric: tabular-nums; }
.yes { color: var(--yes); }
.no { color: var(--no); }
.yes::before { content: "\\2713\\a0" / ""; }
.no::before { content: "\\2717\\a0" / ""; }
.open::before { content: "\\2013\\a0" / ""; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3em .7em; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom; }
tr > :first-child { position: sticky; left: 0; background: var(--paper); text-align: left;
  font-weight: normal; }
thead tr > :first-child { font-weight: bold; }
.floor { color: var(--faint); }
.verdicts :is(th, td) { text-align: left; }
td :is(span, small) { white-space: nowrap; }
.verdicts th { min-width: 6em; }
.caption { color: var(--faint); font-size: .9em; }
.beside { display: flex; flex-wrap: wrap; gap: 1em 2em; }
.beside > div { min-width: 0; flex: 1 1 58em; max-width: 64em; }
.figure8 { flex: 1 1 20em; max-width: 26em; }
.figure7 { margin-top: 1.8em; max-width: 50em; }
figure { margin: 0; }
figure img { display: block; width: 100%; height: auto; background: #fff; border-radius: 4px; }
figcaption { margin-top: .3em; color: var(--faint); font-size: .9em; }
.columns { columns: 2 30em; column-gap: 2.5em; }
.columns h3, .columns li { break-inside: avoid; }
.columns h3 { break-after: avoid; }
.columns ul, #record ul { margin: 0; padding-left: 1.1em; }
li > p, li > details, figcaption > :is(p, details) { margin: 0; font-size: .93em;
  color: var(--faint); }
summary { cursor: pointer; }
dl { margin: .3em 0 .8em 1.2em; }
dt { font-weight: bold; }
dd { margin: 0 0 .3em; max-width: 75em; }
.gallery { columns: 3 22em; column-gap: 1.8em; }
.gallery figure { break-inside: avoid; padding-bottom: 1.4em; }
@media (max-width: 640px) {
  body { padding: .8em .9em 2em; }
  h1 { font-size: 1.35em; }
  th, td { padding: .3em .45em; }
  .figure7 .frame { overflow-x: auto; }
  .figure7 img { width: 44em; max-width: none; }
}
"""
