// The page: one event stream for what is known, one picture stream for what is seen. Both are
// taken up again by themselves after a loss.

const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 8000;
const SILENCE_MS = 5000; // the server speaks once a second; so long a silence is a broken connection
const HIDDEN_MS = 10000; // a hidden page gives up its picture after this time

const $ = (id) => document.getElementById(id);

let events = null; // EventSource while connected or connecting
let retryMs = RETRY_FIRST_MS;
let silence = 0; // timers
let hidden = 0;
let source = null; // newest event of each kind
let prediction = null; // null also while the server has none

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text; // keeps aria-live quiet
}

const percent = (score) => `${Math.round(score * 100)} %`;
const perSecond = (fps) => (fps > 0 ? `${fps.toFixed(fps < 10 ? 1 : 0)} fps` : "–");

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// --- what is known -------------------------------------------------------------------------------

function showTitle(word) {
  document.title = word ? `${word} · pawcam` : "pawcam";
}

function showState(state, text) {
  document.body.dataset.state = state;
  setText($("status"), text);
}

function showNotice(text) {
  $("notice").hidden = !text;
  setText($("notice"), text);
}

function scoreRow(name) {
  const row = $("row").content.firstElementChild.cloneNode(true);
  row.querySelector(".name").textContent = name;
  row.querySelector(".bar").setAttribute("aria-label", name);
  row.dataset.name = name;
  return row;
}

function showScores(scores, best) {
  const names = Object.keys(scores);
  const rows = [...$("scores").children];
  if (rows.length !== names.length || rows.some((row, i) => row.dataset.name !== names[i]))
    $("scores").replaceChildren(...names.map(scoreRow));
  for (const row of $("scores").children) {
    const score = scores[row.dataset.name];
    row.classList.toggle("best", row.dataset.name === best);
    setText(row.querySelector(".value"), percent(score));
    row.querySelector(".bar").setAttribute("aria-valuenow", Math.round(score * 100));
    row.querySelector(".bar i").style.setProperty("--share", `${score * 100}%`);
  }
}

function showLabel(text, sure) {
  setText($("label"), text);
  $("label").classList.toggle("unsure", !sure);
  $("label").style.setProperty("--letters", text.length);
}

function showPrediction() {
  if (!prediction) {
    $("scores").replaceChildren();
    setText($("latency"), "–");
    setText($("score"), "");
    return;
  }
  const { label, score, scores, latency_ms: ms } = prediction;
  const sure = label in scores;
  showLabel(label, sure);
  showTitle(capitalised(label));
  setText($("score"), sure ? percent(score) : "");
  showScores(scores, sure ? label : null);
  setText($("latency"), ms === undefined ? "–" : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`);
}

function showLoss(lost) {
  showState("lost", "Source lost");
  showLabel("No picture", false);
  showTitle("No picture");
  setText($("reason"), capitalised(lost || "no frame yet"));
}

function showSource() {
  const { name, online, lost, resolution, captured_fps, processed_fps } = source;
  setText($("source"), name || "–");
  setText($("size"), resolution.width ? `${resolution.width} × ${resolution.height}` : "–");
  setText($("captured"), online ? perSecond(captured_fps) : "–");
  setText($("processed"), online ? perSecond(processed_fps) : "–");
  $("reason").hidden = online;
  if (online) showState("live", "Live");
  else showLoss(lost);
}

// --- what is seen --------------------------------------------------------------------------------

function startPicture() {
  if (document.hidden || !events) return;
  $("picture").src = `stream?${Date.now()}`; // a new address, or the browser shows the old stream
}

// The server may turn away one more stream while it still tells events.
function pictureFailed() {
  if (!events || !$("picture").hasAttribute("src")) return;
  showNotice("The picture does not come. Trying again.");
  setTimeout(startPicture, RETRY_MAX_MS);
}

function pictureCame() {
  if (events) showNotice("");
  fitPicture();
}

function stopPicture() {
  $("picture").removeAttribute("src");
}

function fitPicture() {
  const { naturalWidth, naturalHeight } = $("picture");
  if (!naturalWidth) return;
  $("picture").width = naturalWidth;
  $("picture").height = naturalHeight;
}

function toggleFullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else $("screen").requestFullscreen?.();
}

// Nobody looks: the server need not encode pictures. The events go on, for the title.
function visibilityChanged() {
  clearTimeout(hidden);
  if (document.hidden) hidden = setTimeout(stopPicture, HIDDEN_MS);
  else if (!$("picture").hasAttribute("src")) startPicture();
}

// --- the connection ------------------------------------------------------------------------------

function heard() {
  clearTimeout(silence);
  silence = setTimeout(lost, SILENCE_MS);
}

function lost() {
  clearTimeout(silence);
  events.close();
  events = null;
  showState("offline", "Not connected");
  showNotice("No connection to pawcam. Trying again.");
  showTitle("Not connected");
  setTimeout(connect, retryMs);
  retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
}

function connected() {
  retryMs = RETRY_FIRST_MS;
  showNotice("");
  startPicture();
}

function connect() {
  events = new EventSource("events");
  events.onopen = connected;
  events.onerror = lost;
  events.addEventListener("source", (event) => {
    heard();
    source = JSON.parse(event.data);
    showSource();
  });
  events.addEventListener("prediction", (event) => {
    heard();
    prediction = JSON.parse(event.data);
    showPrediction();
  });
  heard();
}

$("fullscreen").hidden = !document.fullscreenEnabled;
$("fullscreen").addEventListener("click", toggleFullscreen);
$("screen").addEventListener("click", toggleFullscreen);
$("picture").addEventListener("load", pictureCame);
$("picture").addEventListener("error", pictureFailed);
document.addEventListener("visibilitychange", visibilityChanged);
connect();
