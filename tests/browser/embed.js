const portal = "https://promenade.example";
function embed(frame, { onHeight, onState, onRow }) {
  const onMessage = ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== portal || data?.version !== 1) return;
    if (data.type === "promenade:height") onHeight?.(data.height);
    if (data.type === "promenade:state") onState?.(data);
    if (data.type === "promenade:row") onRow?.(data.row);
  };
  window.addEventListener("message", onMessage);
  return {
    set: (wish) => frame.contentWindow?.postMessage({ type: "promenade:set", version: 1, ...wish }, portal),
    end: () => window.removeEventListener("message", onMessage),
  };
}
