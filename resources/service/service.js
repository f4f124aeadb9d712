"use strict";

// The page of the service: pictures that are dropped, pasted or chosen are sent one by one, and their answers drawn.

const AT_ONCE = 4;
const MOST_CARDS = 200;
const ATTEMPTS = 5;
const MOST_CLASSES = 10;

const texts = JSON.parse(document.body.dataset.texts);
const language = document.documentElement.lang;
const maxBytes = Number(document.body.dataset.bytes);
const percent = new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const count = new Intl.NumberFormat(language);
const byId = (id) => document.getElementById(id);
const waiting = [];
const answered = new Map();
let running = 0;
let token = "";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function headers(more) {
  const made = { "Accept-Language": language, ...more };
  if (token) made.Authorization = `Bearer ${token}`;
  return made;
}

async function describe() {
  const response = await fetch("/model", { headers: headers() });
  const model = await response.json();
  if (!response.ok) return { status: response.status, problem: model.problem };
  byId("name").textContent = model.name;
  document.title = `${model.name} · CNN Studio`;
  byId("about").textContent = fill(texts.about, {
    classes: count.format(model.classes.length), height: model.input.height, width: model.input.width, device: model.device });
  return { status: 200 };
}

async function tryToDescribe(attempt = 0) {
  let found = { status: 0 };
  try { found = await describe(); } catch { /* the service is not reached: tried again below */ }
  if (found.status === 200 || found.status === 401) return found;
  byId("about").textContent = found.problem ? found.problem.text : texts.unreachable;
  if (attempt < 60) setTimeout(() => tryToDescribe(attempt + 1), 2000);
  return found;
}

function showPicture(frame, file) {
  const image = element("img");
  const address = URL.createObjectURL(file);
  image.alt = "";
  image.addEventListener("load", () => {
    if (image.naturalWidth < 96 && image.naturalHeight < 96) image.classList.add("tiny");
    URL.revokeObjectURL(address);
  });
  image.addEventListener("error", () => {
    URL.revokeObjectURL(address);
    frame.replaceChildren(element("span", "", texts.no_preview));
  });
  image.src = address;
  frame.replaceChildren(image);
}

function add(files) {
  const added = new DocumentFragment();
  for (const file of files) {
    const card = element("li");
    const frame = element("div", "picture");
    const answer = element("div", "answer");
    const name = element("p", "file", file.name);
    name.title = file.name;
    answer.append(name, element("p", "waiting", texts.waiting));
    card.append(frame, answer);
    showPicture(frame, file);
    added.append(card);
    waiting.push({ file, answer });
  }
  const cards = byId("answers");
  cards.prepend(added);
  while (cards.children.length > MOST_CARDS) {
    answered.delete(cards.lastElementChild.lastElementChild);
    cards.lastElementChild.remove();
  }
  arrange();
  work();
}

function arrange() {
  const number = byId("answers").children.length;
  byId("tools").hidden = number === 0;
  byId("drop").classList.toggle("small", number > 0);
  byId("count").textContent = number === 1 ? texts.one : fill(texts.several, { n: count.format(number) });
}

function work() {
  while (running < AT_ONCE && waiting.length) {
    const { file, answer } = waiting.shift();
    running += 1;
    ask(file).then((found) => {
      if (!answer.isConnected) return;
      answered.set(answer, { file, found });
      draw(answer, file, found);
    }).finally(() => { running -= 1; work(); });
  }
}

const sleep = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });

async function ask(file, attempt = 1) {
  if (file.size > maxBytes) return { problem: { text: texts.too_large } };
  try {
    const query = new URLSearchParams({ top: MOST_CLASSES, name: file.name.slice(0, 1000) });
    const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
    const response = await fetch(`/predict?${query}`, { method: "POST", body: file, headers: headers({ "Content-Type": type }) });
    if (response.status === 503 && attempt < ATTEMPTS) {
      await sleep(Number(response.headers.get("Retry-After")) || 2);
      return ask(file, attempt + 1);
    }
    return await response.json();
  } catch {
    return { problem: { text: texts.unreachable } };
  }
}

function draw(answer, file, found) {
  const name = answer.firstElementChild;
  if (found.problem) {
    const text = found.problem.text;
    const prefix = `${file.name}: `;
    answer.replaceChildren(name, element("p", "problem", text.startsWith(prefix) ? text.slice(prefix.length) : text));
    return;
  }
  const label = element("p", "label", found.label);
  if (found.not_sure) {
    const mark = element("span", "unsure", texts.not_sure);
    if (found.set) mark.title = found.set.join(", ");
    label.append(mark);
  }
  const bars = element("ol", "bars");
  for (const { label: name, probability } of found.top.slice(0, Number(byId("top").value))) {
    const line = element("li");
    const track = element("div", "track");
    const bar = element("i");
    bar.style.width = `${100 * probability}%`;
    track.append(bar);
    const text = element("span", "", name);
    text.title = name;
    line.append(text, track, element("b", "", percent.format(probability)));
    bars.append(line);
  }
  answer.replaceChildren(name, label, bars);
}

function listen() {
  const drop = byId("drop");
  let depth = 0;
  const over = (on) => drop.classList.toggle("over", on);
  document.addEventListener("dragenter", (event) => { event.preventDefault(); depth += 1; over(true); });
  document.addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) { depth = 0; over(false); } });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    if (!drop.hidden) add(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length && !drop.hidden) { event.preventDefault(); add(files); }
  });
  byId("choose").addEventListener("click", () => byId("files").click());
  byId("files").addEventListener("change", (event) => { add(event.target.files); event.target.value = ""; });
  byId("top").addEventListener("change", () => {
    for (const [answer, { file, found }] of answered) draw(answer, file, found);
  });
  byId("clear").addEventListener("click", () => {
    waiting.length = 0;
    answered.clear();
    byId("answers").replaceChildren();
    arrange();
    byId("choose").focus();
  });
}

function askForToken() {
  byId("token").addEventListener("submit", async (event) => {
    event.preventDefault();
    token = byId("secret").value.trim();
    const { status, problem } = await tryToDescribe();
    if (status === 401) {
      token = "";
      byId("wrong").textContent = problem.text;
      return;
    }
    byId("token").hidden = true;
    byId("drop").hidden = false;
  });
  byId("secret").focus();
}

listen();
if (document.body.dataset.token) askForToken();
else tryToDescribe();
