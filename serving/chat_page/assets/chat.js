// The chat page. Text of a model or a document is only ever set as text: no markup of theirs is ever read as markup.

const TEXTS = {
  en: { skip: "Skip to the question", language: "Language", new: "New chat", leave: "Sign out", signIn: "Sign in", email: "E-mail",
    password: "Password", conversation: "Conversation", ask: "Your question", send: "Send", stop: "Stop", close: "Close",
    sources: "Sources", about: "You could ask about", up: "Helpful", down: "Not helpful", comment: "What was wrong? (optional)",
    thanks: "Thank you.", page: "page", again: "Try again", you: "You", bot: "Answer", done: "Answered.", stopped: "Stopped.",
    lost: "The connection was lost. Trying again …", gone: "No bot of this name is here for you.", open: "Open source" },
  de: { skip: "Zur Frage springen", language: "Sprache", new: "Neuer Chat", leave: "Abmelden", signIn: "Anmelden", email: "E-Mail",
    password: "Passwort", conversation: "Gespräch", ask: "Deine Frage", send: "Senden", stop: "Stopp", close: "Schließen",
    sources: "Quellen", about: "Du könntest fragen nach", up: "Hilfreich", down: "Nicht hilfreich",
    comment: "Was war falsch? (freiwillig)", thanks: "Danke.", page: "Seite", again: "Noch einmal", you: "Du", bot: "Antwort",
    done: "Beantwortet.", stopped: "Gestoppt.", lost: "Die Verbindung ist weg. Neuer Versuch …",
    gone: "Hier ist kein Bot dieses Namens für dich.", open: "Quelle öffnen" },
  es: { skip: "Ir a la pregunta", language: "Idioma", new: "Nuevo chat", leave: "Salir", signIn: "Entrar", email: "Correo",
    password: "Contraseña", conversation: "Conversación", ask: "Tu pregunta", send: "Enviar", stop: "Parar", close: "Cerrar",
    sources: "Fuentes", about: "Podrías preguntar por", up: "Útil", down: "No es útil", comment: "¿Qué falló? (opcional)",
    thanks: "Gracias.", page: "página", again: "Reintentar", you: "Tú", bot: "Respuesta", done: "Respondido.", stopped: "Parado.",
    lost: "Se perdió la conexión. Reintentando …", gone: "Aquí no hay ningún bot con ese nombre para ti.", open: "Abrir fuente" },
  fr: { skip: "Aller à la question", language: "Langue", new: "Nouveau chat", leave: "Se déconnecter", signIn: "Se connecter",
    email: "E-mail", password: "Mot de passe", conversation: "Conversation", ask: "Votre question", send: "Envoyer", stop: "Arrêter",
    close: "Fermer", sources: "Sources", about: "Vous pourriez demander", up: "Utile", down: "Pas utile",
    comment: "Qu'est-ce qui n'allait pas ? (facultatif)", thanks: "Merci.", page: "page", again: "Réessayer", you: "Vous",
    bot: "Réponse", done: "Répondu.", stopped: "Arrêté.", lost: "Connexion perdue. Nouvel essai …",
    gone: "Aucun bot de ce nom n'est ici pour vous.", open: "Ouvrir la source" },
};
const RETRIES = 6;
const at = (id) => document.getElementById(id);
const slug = decodeURIComponent(location.pathname.split("/")[2] || "");
const organization = new URLSearchParams(location.search).get("organization");
const remembered = `pixel-chat-${organization || ""}-${slug}`;
let texts = TEXTS.en;
let bot = null;
let conversation = null;
let running = null;

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

async function call(method, path, body) {
  const headers = { "X-Pixel-Page": "1" };
  if (organization) headers["X-Organization"] = organization;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
}

async function problem(response) {
  const told = await response.json().catch(() => ({}));
  return told.detail || told.title || `${response.status}`;
}

// Words of the page.

function speak(language) {
  const code = TEXTS[language] ? language : "en";
  texts = TEXTS[code];
  document.documentElement.lang = code;
  at("language").value = code;
  localStorage.setItem("pixel-chat-language", code);
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = texts[element.dataset.text];
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", texts[element.dataset.label]);
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = texts[element.dataset.placeholder];
}

// Text -> paragraphs, lists, code, bold, and marks that open their source.

function lines(text, citations) {
  const parts = text.split(/(\*\*[^*\n]+\*\*|`[^`\n]+`|\[\d{1,3}\])/);
  return parts.filter(Boolean).map((part) => {
    if (/^\*\*.+\*\*$/.test(part)) return make("strong", { textContent: part.slice(2, -2) });
    if (/^`.+`$/.test(part)) return make("code", { textContent: part.slice(1, -1) });
    const mark = /^\[(\d{1,3})\]$/.exec(part);
    const citation = mark && citations.get(Number(mark[1]));
    if (!citation) return document.createTextNode(part);
    const button = make("button", { type: "button", className: "cite", textContent: mark[1] });
    button.setAttribute("aria-label", `${texts.open} ${mark[1]}: ${citation.document_name}`);
    button.addEventListener("click", () => openPassage(citation));
    return button;
  });
}

function show(target, text, citations) {
  target.replaceChildren();
  for (const block of text.split(/\n{2,}/)) {
    if (/^```/.test(block)) {
      target.append(make("pre", {}, make("code", { textContent: block.replace(/^```.*\n?|```$/g, "") })));
    } else if (/^\s*[-*•] /.test(block)) {
      const items = block.split(/\n(?=\s*[-*•] )/).map((item) => make("li", {}, ...lines(item.replace(/^\s*[-*•] /, ""), citations)));
      target.append(make("ul", {}, ...items));
    } else if (block.trim()) {
      const rows = block.split("\n").flatMap((row, index) => (index ? [make("br"), ...lines(row, citations)] : lines(row, citations)));
      target.append(make("p", {}, ...rows));
    }
  }
}

function bubble(role, text) {
  const body = make("div", { className: "text" });
  const article = make("article", { className: role }, make("span", { className: "hidden", textContent: role === "user" ? texts.you : texts.bot }), body);
  show(body, text, new Map());
  at("log").append(article);
  at("log").scrollTop = at("log").scrollHeight;
  return { article, body };
}

async function openPassage(citation) {
  const dialog = at("passage");
  at("passage-name").textContent = citation.document_name;
  const where = [...(citation.heading_path || [])];
  if (citation.page) where.push(`${texts.page} ${citation.page}`);
  at("passage-place").textContent = where.join(" › ");
  at("passage-text").textContent = "…";
  dialog.showModal();
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

function marked(text, quotes) {
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

// What stands below an answer.

function finish(answer, shown) {
  const citations = new Map(answer.citations.map((citation) => [citation.number, citation]));
  show(shown.body, answer.content, citations);
  const sources = answer.citations.length ? answer.citations : answer.related;
  if (sources.length) {
    const list = make("ul", { className: "sources" }, make("li", { className: "hint", textContent: texts.sources }));
    for (const source of sources) {
      const button = make("button", { type: "button", textContent: `${source.number} · ${source.document_name}` });
      button.addEventListener("click", () => openPassage(source));
      list.append(make("li", {}, button));
    }
    shown.article.append(list);
  }
  if (answer.suggestions.length) {
    const list = make("ul", { className: "more" }, make("li", { className: "hint", textContent: texts.about }));
    for (const one of answer.suggestions) {
      const button = make("button", { type: "button", textContent: one });
      button.addEventListener("click", () => { at("question").value = one; at("question").focus(); });
      list.append(make("li", {}, button));
    }
    shown.article.append(list);
  }
  shown.article.append(thumbs(answer.message_id, 0));
}

function thumbs(messageId, rated) {
  const foot = make("div", { className: "foot" });
  const comment = make("input", { type: "text", maxLength: 1000, placeholder: texts.comment, hidden: true });
  comment.setAttribute("aria-label", texts.comment);
  const told = make("span", { className: "hint" });
  told.setAttribute("role", "status");
  const buttons = [[1, texts.up], [-1, texts.down]].map(([rating, label]) => {
    const button = make("button", { type: "button", textContent: label });
    button.setAttribute("aria-pressed", String(rated === rating));
    button.addEventListener("click", () => rate(rating));
    return button;
  });
  async function rate(rating) {
    const body = { rating, comment: comment.value.trim() || null };
    const response = await call("PUT", `/api/v1/messages/${messageId}/feedback`, body);
    if (!response.ok) { told.textContent = await problem(response); return; }
    rated = rating;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String((index ? -1 : 1) === rating)));
    comment.hidden = rating !== -1;
    told.textContent = texts.thanks;
  }
  comment.addEventListener("change", () => rate(rated));
  foot.append(...buttons, comment, told);
  return foot;
}

// Asking: the stream is read again from its last event when the connection breaks.

async function ask(question) {
  busy(true);
  bubble("user", question);
  const shown = bubble("assistant", "");
  shown.body.classList.add("waiting");
  const state = { text: "", citations: new Map(), url: "", id: "", answer: null, error: null, messageId: "" };
  running = state;
  const draw = () => { show(shown.body, state.text, state.citations); at("log").scrollTop = at("log").scrollHeight; };
  try {
    if (!conversation) {
      const started = await call("POST", "/api/v1/conversations", { chatbot_id: bot.id, channel: "web" });
      if (!started.ok) throw new Error(await problem(started));
      conversation = (await started.json()).id;
      localStorage.setItem(remembered, conversation);
    }
    let response = await call("POST", `/api/v1/conversations/${conversation}/messages`, { content: question, stream: true });
    for (let tries = 0; ; tries += 1) {
      if (response && !response.ok) throw new Error(await problem(response));
      if (response) await read(response, state, draw).catch(() => {});
      if (state.answer || (state.error && !state.error.resume_url)) break;
      if (!state.url || tries >= RETRIES) throw new Error((state.error && state.error.detail) || texts.lost);
      at("said").textContent = texts.lost;
      await new Promise((later) => setTimeout(later, 500 * 2 ** tries));
      state.error = null;
      response = await call("GET", `${state.url}?after=${encodeURIComponent(state.id)}`).catch(() => null);
    }
    if (state.error) throw new Error(state.error.detail);
    finish(state.answer, shown);
    at("said").textContent = `${texts.done} ${state.answer.content}`;
  } catch (error) {
    shown.article.append(make("p", { className: "problem", textContent: error.message }));
    const again = make("button", { type: "button", textContent: texts.again });
    again.addEventListener("click", () => { again.remove(); ask(question); });
    shown.article.append(again);
    at("said").textContent = error.message;
  } finally {
    shown.body.classList.remove("waiting");
    running = null;
    busy(false);
    at("log").scrollTop = at("log").scrollHeight;
  }
}

async function read(response, state, draw) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").filter((line) => !line.startsWith(":")).map((line) => {
        const colon = line.indexOf(": ");
        return [line.slice(0, colon), line.slice(colon + 2)];
      }));
      if (fields.data) take(fields.event, JSON.parse(fields.data), state);
      if (fields.id) state.id = fields.id;
    }
    draw();
  }
}

function take(name, data, state) {
  if (name === "answer.started") { state.url = data.stream_url; state.messageId = data.message_id; }
  else if (name === "answer.reset") { state.text = ""; state.citations.clear(); }
  else if (name === "answer.delta") state.text += data.text;
  else if (name === "answer.citation") state.citations.set(data.number, data);
  else if (name === "answer.completed") state.answer = data;
  else if (name === "error") state.error = data;
}

function busy(is) {
  at("send").hidden = is;
  at("stop").hidden = !is;
  at("question").setAttribute("aria-busy", String(is));
  if (!is) at("question").focus();
}

// Coming in and going.

async function enter() {
  const response = await call("GET", "/api/v1/chatbots");
  if (response.status === 401) { at("door").hidden = false; at("room").hidden = true; at("email").focus(); return; }
  at("door").hidden = true;
  at("room").hidden = at("new").hidden = at("leave").hidden = false;
  if (!response.ok) { bubble("assistant", await problem(response)); return; }
  bot = (await response.json()).find((one) => one.slug === slug) || null;
  if (!bot) { bubble("assistant", texts.gone); at("ask").hidden = true; return; }
  at("name").textContent = document.title = bot.name;
  if (bot.config.welcome_message) bubble("assistant", bot.config.welcome_message);
  await restore();
  at("question").focus();
}

async function restore() {
  const kept = localStorage.getItem(remembered);
  if (!kept) return;
  const response = await call("GET", `/api/v1/conversations/${encodeURIComponent(kept)}/messages`);
  if (!response.ok) { localStorage.removeItem(remembered); return; }
  conversation = kept;
  for (const message of await response.json()) {
    const shown = bubble(message.role, message.content);
    if (message.role !== "assistant" || message.state !== "complete") continue;
    shown.article.append(thumbs(message.id, message.rating || 0));
    const receipt = await call("GET", `/api/v1/messages/${message.id}/receipt`);
    if (receipt.ok) cited(shown, message.content, await receipt.json());
  }
}

function cited(shown, text, receipt) {
  const citations = receipt.passages.filter((one) => one.citation && one.chunk_id).map((one) => [one.citation, {
    number: one.citation, document_name: one.document_name, page: one.page, quotes: one.quotes, url: `/api/v1/passages/${one.chunk_id}`,
  }]);
  show(shown.body, text, new Map(citations));
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = at("sign-in").querySelector(".problem");
  told.hidden = true;
  const response = await call("POST", "/chat/session", { email: at("email").value, password: at("password").value });
  if (response.ok) { at("password").value = ""; await enter(); return; }
  told.textContent = await problem(response);
  told.hidden = false;
  at("password").focus();
});
at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = at("question").value.trim();
  if (!question || running) return;
  at("question").value = "";
  grow();
  ask(question);
});
at("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); at("ask").requestSubmit(); }
});
function grow() {
  at("question").rows = Math.min(8, at("question").value.split("\n").length);
}
at("question").addEventListener("input", grow);
at("stop").addEventListener("click", () => { if (running && running.messageId) call("POST", `/api/v1/messages/${running.messageId}/stop`); });
at("close").addEventListener("click", () => at("passage").close());
at("new").addEventListener("click", () => {
  localStorage.removeItem(remembered);
  conversation = null;
  at("log").replaceChildren();
  if (bot && bot.config.welcome_message) bubble("assistant", bot.config.welcome_message);
  at("question").focus();
});
at("leave").addEventListener("click", async () => {
  await call("DELETE", "/chat/session");
  localStorage.removeItem(remembered);
  location.reload();
});
at("language").addEventListener("change", () => speak(at("language").value));

speak(localStorage.getItem("pixel-chat-language") || navigator.language.slice(0, 2));
enter();
