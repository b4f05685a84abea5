// The chat page: of members who sign in, and of visitors of a bot that is published to anyone.

import { ask, resume, stop } from "/chat/assets/asking.js";
import { at, box, call, isFramed, kept, named, page, place, problem, say, speak } from "/chat/assets/page.js";
import { refresh, shown, watch } from "/chat/assets/person.js";
import { add, clear, dress, turns } from "/chat/assets/turns.js";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MEMBER = "pixel-chat-member";

// Coming in and going. A visitor needs no account; who has one signs in and then comes as a member.

async function enter() {
  page.bot = null;
  page.visiting = false;
  let told = kept.get(MEMBER) || !ID.test(named) ? await memberBot() : null;
  if (!page.bot && ID.test(named)) await visitorBot();
  if (!page.bot && !told) told = await memberBot();
  if (!page.bot && told.status === 401) { door(); return; }
  at("door").hidden = true;
  at("room").hidden = at("new").hidden = false;
  at("leave").hidden = page.visiting;
  at("enter").hidden = !page.visiting || isFramed; // nobody is to type a password inside another site's page
  at("kept").hidden = !page.visiting;
  at("ask").hidden = !page.bot;
  fresh();
  if (!page.bot) { add("bot", told.ok ? page.texts.gone : await problem(told), { stays: true }); return; }
  page.elsewhere = kept.get(`${place()}-person`);
  speak(at("language").value);
  at("name").textContent = document.title = page.bot.name;
  await restore(kept.get(place()) || (kept.works ? null : page.bot.conversation_id));
  at("question").focus();
}

async function memberBot() {
  const response = await call("GET", "/api/v1/chatbots");
  if (response.status === 401) kept.remove(MEMBER);
  const found = response.ok ? (await response.json()).find((one) => one.slug === named || one.id === named) : null;
  if (found) page.bot = { ...found, welcome_message: found.config.welcome_message, hands_over: true };
  return response;
}

async function visitorBot() {
  const response = await call("GET", `/chat/${encodeURIComponent(named)}/about`);
  if (!response.ok) return;
  page.bot = await response.json();
  page.visiting = true;
}

function door() {
  at("door").hidden = false;
  at("room").hidden = at("new").hidden = at("enter").hidden = true;
  at("back").hidden = !page.visiting;
  at("email").focus();
}

function fresh() {
  page.epoch += 1;
  page.conversation = page.handover = null;
  page.wasHandedOver = false;
  clear();
  if (page.bot && page.bot.welcome_message) add("bot", page.bot.welcome_message, { stays: true });
  shown();
}

async function restore(conversation) {
  page.conversation = conversation;
  shown();
  if (!conversation) return;
  try {
    await refresh(true);
  } catch (error) {
    // Anything else passes: the network or the server is away, and the chat is shown as soon as it can be read.
    if ([401, 403, 404].includes(error.status)) { page.conversation = null; kept.remove(place()); }
  }
  shown();
  const last = turns.at(-1);
  if (last && last.author === "bot" && last.state === "streaming") resume(last);
}

// Leaving a chat in which a person is to answer: the way back to it is kept.

function leave() {
  if (page.handover) left(page.conversation);
  kept.remove(place());
  fresh();
  at("question").focus();
}

function left(conversation) {
  page.elsewhere = conversation;
  if (conversation) kept.set(`${place()}-person`, conversation);
  else kept.remove(`${place()}-person`);
}

async function goThere() {
  const conversation = page.elsewhere;
  left(null);
  kept.set(place(), conversation);
  fresh();
  await restore(conversation);
  at("question").focus();
}

async function forget() {
  at("forgetting").close();
  const response = await call("DELETE", `/chat/${page.bot.id}/visitor`);
  if (!response.ok && response.status !== 401) { say(await problem(response)); return; }
  kept.remove(place());
  left(null);
  fresh();
  say(page.texts.forgotten);
  at("question").focus();
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = at("sign-in").querySelector(".problem");
  told.hidden = true;
  const response = await call("POST", "/chat/session", { email: at("email").value, password: at("password").value });
  if (response.ok) { at("password").value = ""; kept.set(MEMBER, "1"); await enter(); return; }
  told.textContent = await problem(response);
  told.hidden = false;
  at("password").focus();
});
const grow = box(at("question"), at("ask"));
at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = at("question").value.trim();
  if (!question || page.running) return;
  at("question").value = "";
  grow();
  ask(question);
});
at("stop").addEventListener("click", stop);
at("close").addEventListener("click", () => at("passage").close());
at("new").addEventListener("click", leave);
at("person-there").addEventListener("click", goThere);
at("enter").addEventListener("click", door);
at("back").addEventListener("click", enter);
at("forget").addEventListener("click", () => at("forgetting").showModal());
at("forget-no").addEventListener("click", () => at("forgetting").close());
at("forget-yes").addEventListener("click", forget);
at("leave").addEventListener("click", async () => {
  await call("DELETE", "/chat/session");
  kept.remove(place());
  left(null);
  kept.remove(MEMBER);
  location.reload();
});
at("language").addEventListener("change", () => { speak(at("language").value); dress(); });

watch();
speak(kept.get("pixel-chat-language") || navigator.language.slice(0, 2));
enter();
