/** Format seconds as a player shows them: 0:04.16. */
export function formatTimecode(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - minutes * 60).toFixed(2).padStart(5, "0")}`;
}
