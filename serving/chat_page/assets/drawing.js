// Text -> what is seen. Text of a model or a document is only ever set as text: no markup of theirs is ever read as markup.

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Text -> paragraphs, lists, code, bold, and marks; `mark` makes the button of a citation's number, or nothing.

function lines(text, mark) {
  const parts = text.split(/(\*\*[^*\n]+\*\*|`[^`\n]+`|\[\d{1,3}\])/);
  return parts.filter(Boolean).map((part) => {
    if (/^\*\*.+\*\*$/.test(part)) return make("strong", { textContent: part.slice(2, -2) });
    if (/^`.+`$/.test(part)) return make("code", { textContent: part.slice(1, -1) });
    const number = /^\[(\d{1,3})\]$/.exec(part);
    return (number && mark(Number(number[1]))) || document.createTextNode(part);
  });
}

export function show(target, text, mark) {
  target.replaceChildren();
  for (const block of text.split(/\n{2,}/)) {
    if (/^```/.test(block)) {
      target.append(make("pre", {}, make("code", { textContent: block.replace(/^```.*\n?|```$/g, "") })));
    } else if (/^\s*[-*•] /.test(block)) {
      const items = block.split(/\n(?=\s*[-*•] )/).map((item) => make("li", {}, ...lines(item.replace(/^\s*[-*•] /, ""), mark)));
      target.append(make("ul", {}, ...items));
    } else if (block.trim()) {
      const rows = block.split("\n").flatMap((row, index) => (index ? [make("br"), ...lines(row, mark)] : lines(row, mark)));
      target.append(make("p", {}, ...rows));
    }
  }
}

// A passage with its quotes marked.

export function marked(text, quotes) {
  const pieces = [];
  let from = 0;
  const found = quotes.map((quote) => [text.indexOf(quote), quote.length]).filter(([place]) => place >= 0).sort((a, b) => a[0] - b[0]);
  for (const [place, length] of found) {
    if (place < from) continue;
    pieces.push(document.createTextNode(text.slice(from, place)), make("mark", { textContent: text.slice(place, place + length) }));
    from = place + length;
  }
  pieces.push(document.createTextNode(text.slice(from)));
  return pieces;
}

// The blocks of a stream of events, each as its fields.

export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    yield blocks.map((block) => Object.fromEntries(block.split("\n").filter((line) => !line.startsWith(":")).map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    })));
  }
}
