// Asking, asking in other words, trying again, stepping through versions.

import { events, show } from "/chat/assets/drawing.js";
import { at, button, call, kept, must, page, place, say } from "/chat/assets/page.js";
import { marks } from "/chat/assets/passages.js";
import { handed, refresh, shown } from "/chat/assets/person.js";
import { acts, add, cut, down, dress, failed, find, finish, remove, sync } from "/chat/assets/turns.js";

const RETRIES = 6;
const LONGEST_WAIT_S = 30;

async function begin() {
  if (page.visiting) await must(await call("POST", `/chat/${page.bot.id}/visitor`));
  const started = await must(await call("POST", "/api/v1/conversations", { chatbot_id: page.bot.id, channel: "web" }));
  page.conversation = (await started.json()).id;
  kept.set(place(), page.conversation);
}

// Read an answer to its end; its stream is read again from its last event when the connection breaks.
//
// `first` sends what is asked; `begun` is called with the ids once that is stored, and gives the turn to write into. Throws
// what went wrong before. What belongs to a chat that is left meanwhile is not told. `messageId` is known where an answer that was
// begun before is read on: then also the first request may come too early.

async function answer(first, begun, messageId = "") {
  const url = messageId && `/api/v1/messages/${messageId}/stream`;
  const state = { text: "", citations: new Map(), url, id: "", answer: null, error: null, messageId, turn: null };
  state.over = new Promise((end) => { state.end = end; });
  page.running = state;
  const epoch = (page.epoch += 1);
  page.active = Date.now();
  page.wasHandedOver = Boolean(page.handover);
  busy();
  try {
    let response = await (url ? first().catch(() => null) : first());
    for (let tries = 0; ; tries += 1) {
      const later = response && state.url ? await notYet(response) : null;
      if (response && !later) {
        await must(response);
        await read(response, state, begun).catch(() => {});
      }
      if (state.answer || (state.error && !state.error.resume_url)) break;
      if (!state.url || tries >= RETRIES) throw new Error((state.error || later || {}).detail || page.texts.offline);
      say(later && later.isWritten ? page.texts.answering : page.texts.lost);
      await new Promise((go) => setTimeout(go, Math.max(500 * 2 ** tries, later ? later.waitMs : 0)));
      state.error = null;
      response = await call("GET", `${state.url}?after=${encodeURIComponent(state.id)}`).catch(() => null);
    }
    if (state.error) throw new Error(state.error.detail);
    finish(state.answer, state.turn);
    if (epoch !== page.epoch) return;
    const news = handed(state.answer.handover ? state.answer.handover.state : null);
    say(`${page.texts.done} ${state.answer.content} ${news}`);
  } catch (error) {
    if (!state.turn) throw error;
    failed(state.turn, error.message);
    say(error.message);
  } finally {
    if (state.turn) state.turn.body.classList.remove("waiting");
    page.running = null;
    state.end();
    busy();
    if (state.turn) down();
  }
}

// Whether a response only says that the answer cannot be read yet: another process writes it, or the service is being restarted
// behind a proxy. How long to wait then, and what was said.

async function notYet(response) {
  if (![409, 502, 503, 504].includes(response.status)) return null;
  const told = await response.clone().json().catch(() => ({}));
  const isWritten = told.type === "/problems/answer-elsewhere";
  if (response.status === 409 && !isWritten) return null;
  const seconds = Math.min(Number(response.headers.get("Retry-After")) || 0, LONGEST_WAIT_S);
  return { isWritten, waitMs: 1000 * seconds, detail: told.detail || told.title };
}

async function read(response, state, begun) {
  for await (const blocks of events(response)) {
    for (const fields of blocks) {
      if (fields.data) take(fields.event, JSON.parse(fields.data), state, begun);
      if (fields.id) state.id = fields.id;
    }
    if (state.turn) { show(state.turn.body, state.text, marks(state.citations)); down(); }
  }
}

function take(name, data, state, begun) {
  if (name === "answer.started") {
    state.url = data.stream_url;
    state.messageId = data.message_id;
    if (!state.turn) state.turn = begun(data);
    if (state.isStopped) stop();
  }
  else if (name === "answer.reset") { state.text = ""; state.citations.clear(); }
  else if (name === "answer.delta") state.text += data.text;
  else if (name === "answer.citation") state.citations.set(data.number, data);
  else if (name === "answer.completed") state.answer = data;
  else if (name === "error") state.error = data;
}

// Where a person is to answer, what is said is no message: it stays with the question.

function known(turn, ids) {
  if (ids.message_id === ids.question_id) turn.of = ids.question_id;
  else turn.id = ids.message_id;
  return turn;
}

function waiting(author = "bot") {
  const turn = add(author, "");
  turn.body.classList.add("waiting");
  down();
  return turn;
}

function busy() {
  const is = Boolean(page.running);
  at("send").hidden = is;
  at("stop").hidden = !is;
  at("forget").disabled = at("new").disabled = is;
  at("question").setAttribute("aria-busy", String(is));
  dress();
  shown();
}

export function stop() {
  const { running } = page;
  if (!running) return;
  running.isStopped = true;
  if (running.messageId) call("POST", `/api/v1/messages/${running.messageId}/stop`);
}

export async function ask(question) {
  const asked = add("user", question);
  const told = waiting();
  const begun = (ids) => { asked.id = ids.question_id; return known(told, ids); };
  const first = async () => {
    if (!page.conversation) await begin();
    return call("POST", `/api/v1/conversations/${page.conversation}/messages`, { content: question, stream: true });
  };
  try {
    await answer(first, begun);
  } catch (error) {
    // Nothing was stored: there is no message to try again.
    told.body.classList.remove("waiting");
    failed(told, error.message, button("again", () => { remove(asked); remove(told); ask(question); }));
    say(error.message);
    down();
  }
  back();
}

// An answer that was being written when the page was left.

export async function resume(turn) {
  turn.article.querySelector(":scope > .hint").remove();
  turn.body.classList.add("waiting");
  const first = () => call("GET", `/api/v1/messages/${turn.id}/stream`);
  await answer(first, () => turn, turn.id).catch((error) => {
    turn.body.classList.remove("waiting");
    failed(turn, error.message);
    say(error.message);
  });
}

// Where the keyboard goes on: at the button that was pressed, or with the next question. Nobody who went elsewhere meanwhile is
// called back.

function back(key) {
  if (![document.body, at("stop")].includes(document.activeElement)) return;
  ((key && find(key)) || at("question")).focus({ preventScroll: true });
}

acts.edit = async (turn, question, { area, told }) => {
  told.hidden = true;
  area.disabled = true;
  at("stop").hidden = false;
  at("stop").focus();
  let asked = null;
  const begun = (ids) => {
    cut(turn);
    asked = add("user", question, { id: ids.question_id });
    return known(waiting(), ids);
  };
  const first = () => call("POST", `/api/v1/messages/${turn.id}/edit`, { content: question, stream: true });
  try {
    await answer(first, begun);
  } catch (error) {
    area.disabled = false;
    told.textContent = error.message;
    told.hidden = false;
    area.focus();
    return;
  }
  await count();
  back(`edit-${asked.id}`);
};

acts.retry = async (turn) => {
  at("stop").hidden = false;
  at("stop").focus();
  let fresh = turn;
  const begun = (ids) => { cut(turn); fresh = known(waiting(), ids); return fresh; };
  const first = () => call("POST", `/api/v1/messages/${turn.id}/retry`, { stream: true });
  for (const old of turn.article.querySelectorAll(":scope > .problem")) old.remove();
  try {
    await answer(first, begun);
  } catch (error) {
    failed(turn, error.message);
    say(error.message);
  }
  await count();
  back(`again-${fresh.id}`);
};

// How many versions there are, once there is one more.

async function count() {
  page.counted = -1;
  await refresh().catch(() => {});
}

acts.step = async (turn, by) => {
  const path = `/api/v1/conversations/${page.conversation}`;
  const epoch = (page.epoch += 1);
  try {
    const tree = await (await must(await call("GET", `${path}/messages?branch=all`))).json();
    const beside = tree.filter((one) => one.parent_id === turn.parentId && one.ordinal === turn.ordinal);
    const to = beside.sort((one, other) => one.sibling - other.sibling)[turn.sibling - 1 + by];
    const listed = await (await must(await call("POST", `${path}/branch`, { message_id: to.id }))).json();
    if (epoch !== page.epoch) return;
    sync(listed);
    const arrow = find(`${by < 0 ? "earlier" : "later"}-${to.id}`) || find(`${by < 0 ? "later" : "earlier"}-${to.id}`);
    if (arrow) arrow.focus();
    say(`${page.texts.version.replace("{number}", to.sibling).replace("{count}", to.siblings)}: ${to.content}`);
  } catch (error) {
    failed(turn, error.message);
    say(error.message);
  }
};
