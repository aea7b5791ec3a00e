/* global document, MutationObserver, performance, requestAnimationFrame, window */
// Runs in the page, before its own scripts: when a click gave a picture, and which instant is shown when.
(() => {
  let clickedAt;
  let firstAt;
  let known = new Set();
  const isShown = (video) => video.dataset.shown !== undefined && video.videoWidth > 0 && video.readyState >= 2;
  // A video element may stay while what it plays changes: that has a name of its own.
  const nameOf = (video) => video.currentSrc || video.src;
  const videos = () => [...document.querySelectorAll('video')];

  function look() {
    if (clickedAt === undefined || firstAt !== undefined) return;
    if (videos().some((video) => isShown(video) && !known.has(nameOf(video)))) firstAt = performance.now();
    requestAnimationFrame(look);
  }
  window.addEventListener(
    'click',
    (event) => {
      if (clickedAt !== undefined || firstAt !== undefined) return;
      clickedAt = event.timeStamp;
      requestAnimationFrame(look);
    },
    { capture: true },
  );
  // Of each tile of a wall: when it first showed a picture, and when that moved, ms since the page began to load.
  const tiles = new Map();
  function lookAtWall() {
    for (const article of document.querySelectorAll('article[data-camera-id]')) {
      const id = article.dataset.cameraId;
      const tile = tiles.get(id) ?? { pictureMs: undefined, stillAgeMs: undefined, movingMs: undefined, frames: 0 };
      tiles.set(id, tile);
      const video = article.querySelector('video');
      const still = article.querySelector('img');
      const shown = video !== null && isShown(video);
      if (tile.pictureMs === undefined && (shown || (still !== null && still.complete && still.naturalWidth > 0))) {
        tile.pictureMs = performance.now();
        const at = Date.parse(still?.dataset.pictureAt ?? '');
        if (!shown && Number.isFinite(at)) tile.stillAgeMs = Date.now() - at;
      }
      if (tile.movingMs === undefined && shown) {
        // The first picture is one frame; it moves with those that follow.
        const frames = video.getVideoPlaybackQuality().totalVideoFrames;
        if (tile.frames === 0) tile.frames = frames;
        else if (frames >= tile.frames + 2 && video.currentTime > 0) tile.movingMs = performance.now();
      }
    }
    requestAnimationFrame(lookAtWall);
  }
  requestAnimationFrame(lookAtWall);
  window.livePictureProbe = {
    wall: () => [...tiles].map(([cameraId, tile]) => ({ cameraId, ...tile })),
    begin() {
      known = new Set(videos().map(nameOf));
      clickedAt = undefined;
      firstAt = undefined;
    },
    first: (timeoutMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no picture within ${timeoutMs} ms`)), timeoutMs);
        const wait = () => {
          if (firstAt === undefined) return void setTimeout(wait, 20);
          clearTimeout(timer);
          resolve(firstAt - clickedAt);
        };
        wait();
      }),
    behind: (durationMs) =>
      new Promise((resolve) => {
        const samples = [];
        const observer = new MutationObserver((changes) => {
          for (const { target } of changes) samples.push(Date.now() - Date.parse(target.dateTime));
        });
        observer.observe(document.body, { subtree: true, attributeFilter: ['datetime'] });
        setTimeout(() => {
          observer.disconnect();
          resolve(samples.filter((sample) => Number.isFinite(sample)));
        }, durationMs);
      }),
  };
})();
