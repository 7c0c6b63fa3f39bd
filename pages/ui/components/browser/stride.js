// How many labels of a row there is room for.

const LABEL_GAP = 3

// The smallest k for which every k-th label has its room: no two that are left are closer than they are long.
const strideOf = (places, lengths, pitch) => {
  for (let k = 1; k < places.length; k += 1) {
    const kept = lengths.filter((_length, index) => places[index] % k === 0)
    if (kept.every((length, at) => !at || (length + kept[at - 1]) / 2 + LABEL_GAP <= k * pitch)) return k
  }
  return Math.max(1, places.length)
}
