// The page: one event stream for what is known, one picture stream for what is seen. Both are
// taken up again by themselves after a loss.

const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 8000;
const SILENCE_MS = 5000; // the server speaks once a second; so long a silence is a broken connection
const STALL_MS = 15000; // the stream repeats its picture once a second, but the first can take 10 s
const HEADER_MAX = 256; // bytes, of one picture's header in the stream
const HIDDEN_MS = 10000; // a hidden page gives up its picture after this time

const $ = (id) => document.getElementById(id);
const latin1 = new TextDecoder("latin1"); // a character for each byte

let events = null; // EventSource while connected or connecting
let retryMs = RETRY_FIRST_MS;
let stream = null; // AbortController while the picture is asked for
let pictureRetryMs = RETRY_FIRST_MS;
let newest = null; // JPEG that waits for the one before to be decoded
let decoding = false;
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

// An <img> could show the stream, but Chromium does not tell when such a stream ends: the picture
// would stand still for ever. So the page takes the pictures out of the stream itself.

// Takes the first picture off the bytes: behind a header with its Content-Length, which ends with an
// empty line. null: it is not all there yet.
function takePicture(bytes) {
  const text = latin1.decode(bytes.subarray(0, HEADER_MAX));
  const header = /Content-Length: (\d+)[^]*?\r\n\r\n/.exec(text);
  if (!header) return null;
  const begin = header.index + header[0].length;
  const end = begin + Number(header[1]);
  return end > bytes.length ? null : { jpeg: bytes.subarray(begin, end), rest: bytes.subarray(end) };
}

function join(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

// Shows the stream until it ends, fails, stalls or is stopped.
async function watch(stopper) {
  const answer = await fetch("stream.bin", { signal: stopper.signal });
  const reader = answer.body.getReader();
  let bytes = new Uint8Array();
  while (answer.ok) {
    const stall = setTimeout(() => stopper.abort(), STALL_MS);
    const { done, value } = await reader.read();
    clearTimeout(stall);
    if (done) return;
    bytes = join(bytes, value);
    for (let part; (part = takePicture(bytes)); bytes = part.rest) showPicture(part.jpeg);
  }
}

async function startPicture() {
  if (document.hidden || !events || stream) return;
  const mine = (stream = new AbortController());
  await watch(mine).catch(() => {}); // why it ended makes no difference
  if (stream !== mine) return; // stopPicture did it
  stream = null;
  showNotice("The picture does not come. Trying again.");
  setTimeout(startPicture, pictureRetryMs);
  pictureRetryMs = Math.min(pictureRetryMs * 2, RETRY_MAX_MS);
}

function stopPicture() {
  stream?.abort();
  stream = null;
}

function draw(bitmap) {
  const canvas = $("picture");
  const { width, height } = bitmap;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  if (!stream) return; // it was stopped in the meantime
  pictureRetryMs = RETRY_FIRST_MS;
  showNotice("");
}

// Of the pictures that come while one is being decoded only the newest is shown.
async function showPicture(jpeg) {
  newest = jpeg;
  if (decoding) return;
  decoding = true;
  while (newest) {
    const picture = new Blob([newest], { type: "image/jpeg" });
    newest = null;
    await createImageBitmap(picture).then(draw).catch(() => {}); // a broken one is passed over
  }
  decoding = false;
}

function toggleFullscreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else $("screen").requestFullscreen?.();
}

// Nobody looks: the server need not encode pictures. The events go on, for the title.
function visibilityChanged() {
  clearTimeout(hidden);
  if (document.hidden) hidden = setTimeout(stopPicture, HIDDEN_MS);
  else startPicture();
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
  stopPicture();
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
document.addEventListener("visibilitychange", visibilityChanged);
connect();
