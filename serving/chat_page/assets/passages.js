// Sources: the mark in an answer, and the passage that it opens.

import { make, marked, show } from "/chat/assets/drawing.js";
import { at, call, page, problem } from "/chat/assets/page.js";

export function marks(citations) {
  return (number) => {
    const citation = citations.get(number);
    if (!citation) return null;
    const button = make("button", { type: "button", className: "cite", textContent: `${number}` });
    button.setAttribute("aria-label", `${page.texts.open} ${number}: ${citation.document_name}`);
    button.addEventListener("click", () => openPassage(citation));
    return button;
  };
}

export function cited(body, text, citations) {
  show(body, text, marks(new Map(citations.map((citation) => [citation.number, citation]))));
}

export async function openPassage(citation) {
  const dialog = at("passage");
  at("passage-name").textContent = citation.document_name;
  const where = [...(citation.heading_path || [])];
  if (citation.page) where.push(`${page.texts.page} ${citation.page}`);
  at("passage-place").textContent = where.join(" › ");
  at("passage-text").textContent = "…";
  dialog.showModal();
  if (page.visiting && page.running) await page.running.over; // visitors open what an answer has shown: once it is there
  const response = await call("GET", citation.url);
  if (!response.ok) { at("passage-text").textContent = await problem(response); return; }
  const passage = await response.json();
  const pieces = [];
  if (passage.before) pieces.push(make("span", { className: "around", textContent: `${passage.before}\n` }));
  pieces.push(...marked(passage.text, citation.quotes || []));
  if (passage.after) pieces.push(make("span", { className: "around", textContent: `\n${passage.after}` }));
  at("passage-text").replaceChildren(...pieces);
  const first = at("passage-text").querySelector("mark");
  if (first) first.scrollIntoView({ block: "center" });
}
