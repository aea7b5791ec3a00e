/** A small reader for the OpenAPI document. Script and style are files of their own because the policy forbids inline ones. */
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chòi Canh API</title>
<link rel="stylesheet" href="/api/docs/page.css">
<script type="module" src="/api/docs/page.js"></script>
</head>
<body>
<main id="content"><p>Loading…</p></main>
<noscript>The document itself is at <a href="/api/openapi.json">/api/openapi.json</a>.</noscript>
</body>
</html>
`;

export const docsStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; font-size: 1.2rem; }
details { border: 1px solid #8886; border-radius: 6px; margin: .5rem 0; }
summary { cursor: pointer; padding: .6rem .8rem; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 4.5rem; font-family: ui-monospace, monospace; text-transform: uppercase; }
summary span { opacity: .75; }
section { padding: 0 .8rem .8rem; }
pre { overflow: auto; padding: .8rem; background: #8882; border-radius: 6px; max-height: 30rem; font-size: .85rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .2rem .6rem .2rem 0; }
code { font-family: ui-monospace, monospace; }
`;

export const docsScript = `
const element = (tag, text, ...children) => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  node.append(...children);
  return node;
};
const json = (title, value) => [element('h4', title), element('pre', JSON.stringify(value, null, 2))];

function operation(method, path, spec) {
  const body = element('section');
  body.append(element('p', 'Access: ' + spec['x-access']));
  if (spec.parameters.length > 0) {
    const table = element('table');
    table.append(element('tr', '', element('th', 'Parameter'), element('th', 'In'), element('th', 'Type')));
    for (const p of spec.parameters) {
      const { type, format, enum: choices } = p.schema;
      const words = [choices ? choices.join(' | ') : type, format, p.required ? 'required' : ''].filter(Boolean);
      table.append(element('tr', '', element('td', p.name), element('td', p.in), element('td', words.join(', '))));
    }
    body.append(table);
  }
  const request = spec.requestBody?.content['application/json'];
  if (request) body.append(...json('Request body', request.schema));
  for (const [status, answer] of Object.entries(spec.responses)) {
    if (status === 'default') continue;
    for (const [type, { schema }] of Object.entries(answer.content ?? { '(empty)': {} })) {
      if (schema) body.append(...json(status + ' ' + type, schema));
      else body.append(element('p', status + ' ' + type));
    }
  }
  const summary = element('summary', '', element('b', method), element('code', path), ' ', element('span', spec.summary));
  return element('details', '', summary, body);
}

const content = document.getElementById('content');
try {
  const answer = await fetch('/api/openapi.json');
  const api = await answer.json();
  content.replaceChildren(element('h1', api.info.title + ' ' + api.info.version), element('p', api.info.description));
  for (const { name } of api.tags) {
    content.append(element('h2', name));
    for (const [path, methods] of Object.entries(api.paths))
      for (const [method, spec] of Object.entries(methods))
        if (spec.tags.includes(name)) content.append(operation(method, path, spec));
  }
} catch (error) {
  content.replaceChildren(element('p', 'The document could not be loaded: ' + error.message));
}
`;
