// A person in the place of the bot: asking for one, and what happens then.

import { at, call, must, page, problem, say } from "/chat/assets/page.js";
import { dress, down, sync, turns } from "/chat/assets/turns.js";

const LOOK_EVERY_MS = 3000;
const SELDOM_MS = 15_000; // while the bot answers, only something that others do can be missed
const LEFT_MS = 600_000; // a page that nobody uses looks no more, unless a person is to answer
const WORDS = { requested: "waiting", assigned: "here" };
let lookedAt = 0;

// What is told: what is new of it, empty when nothing is.

export function handed(state) {
  const before = page.handover;
  page.handover = state;
  if (state) page.wasHandedOver = true;
  shown();
  if (state === before) return "";
  return state ? page.texts[WORDS[state]] : page.texts.over;
}

export function shown() {
  const word = page.handover ? WORDS[page.handover] : page.wasHandedOver ? "over" : "";
  const may = Boolean(page.bot && page.bot.hands_over && page.conversation && turns.some((turn) => turn.id) && !page.handover);
  at("person-state").hidden = !word;
  at("person-state").dataset.text = word || "over";
  at("person-state").textContent = word ? page.texts[word] : "";
  at("elsewhere").hidden = at("person-there").hidden = !page.elsewhere || Boolean(word);
  at("person-there").disabled = Boolean(page.running);
  at("person-ask").hidden = !may;
  at("person-ask").disabled = Boolean(page.running);
  at("person").hidden = !word && !may && !page.elsewhere;
}

// The conversation as the server has it. Says what others did, unless it is shown for the first time.

export async function refresh(isFirst = false) {
  const { epoch, conversation } = page;
  const path = `/api/v1/conversations/${encodeURIComponent(conversation)}`;
  const found = await (await must(await call("GET", path))).json();
  if (!isFirst && found.messages === page.counted && found.handover === page.handover) return;
  const messages = await (await must(await call("GET", `${path}/messages`))).json();
  if (epoch !== page.epoch || conversation !== page.conversation || page.running) return;
  page.counted = found.messages;
  const news = handed(found.handover);
  const fresh = sync(messages);
  shown();
  if (fresh.length) down();
  const replies = fresh.filter((turn) => turn.author === "agent").map((turn) => `${page.texts.person}: ${turn.text}`);
  if (!isFirst && (news || replies.length)) say([news, ...replies].filter(Boolean).join(" "));
}

async function look() {
  if (!page.conversation || page.running || document.hidden) return;
  const now = Date.now();
  if (!page.handover && (now - lookedAt < SELDOM_MS || now - page.active > LEFT_MS)) return;
  lookedAt = now;
  await refresh().catch(() => {});
}

async function request(event) {
  event.preventDefault();
  const told = at("person-problem");
  told.hidden = true;
  const note = at("person-note").value.trim() || null;
  const response = await call("POST", `/api/v1/conversations/${page.conversation}/handover`, { note }).catch(() => null);
  if (!response || !response.ok) {
    told.textContent = response ? await problem(response) : page.texts.offline;
    told.hidden = false;
    return;
  }
  page.epoch += 1;
  at("person-note").value = "";
  at("asking").close();
  say(handed((await response.json()).state));
  dress();
  at("question").focus();
}

export function watch() {
  at("person-ask").addEventListener("click", () => { at("person-problem").hidden = true; at("asking").showModal(); });
  at("person-no").addEventListener("click", () => at("asking").close());
  at("person-form").addEventListener("submit", request);
  document.addEventListener("visibilitychange", () => { page.active = Date.now(); lookedAt = 0; look(); });
  setInterval(look, LOOK_EVERY_MS);
}
