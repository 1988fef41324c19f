const portal = "https://promenade.example";
function embed(frame, on) {
  const { origin } = new URL(portal);
  let isReady = false;
  let latest;
  const send = () => {
    if (isReady && latest) frame.contentWindow?.postMessage({ type: "promenade:set", version: 1, ...latest }, origin);
  };
  const onMessage = (event) => {
    const { data } = event;
    if (event.source !== frame.contentWindow || event.origin !== origin || data?.version !== 1) return;
    if (data.type === "promenade:ready") {
      isReady = true;
      send();
    }
    if (data.type === "promenade:height") on.onHeight?.(data.height);
    if (data.type === "promenade:state") on.onState?.(data);
    if (data.type === "promenade:window") {
      // The reader may have chosen another time range, which the next page in the frame keeps.
      if (isReady && latest?.from) latest = { ...latest, from: data.from, to: data.to };
      on.onWindow?.(data);
    }
    if (data.type === "promenade:row") on.onRow?.(data.row);
  };
  window.addEventListener("message", onMessage);
  return {
    set: (wish) => {
      latest = wish;
      send();
    },
    end: () => window.removeEventListener("message", onMessage),
  };
}
