//! Keys with a line each, packed: ten or thirteen bytes an entry, in tables that are three quarters full. A list of ten
//! million people is held in memory by these, and at every row two of them are asked.
//!
//! A key is spread evenly (whoever makes it sees to that). Its first bits choose one of many parts, which grow one at a time;
//! the rest is kept in the part, at the place that it points to or behind those that stand there already. So a search
//! looks at one place of memory, and ends at the first gap, which is where the key would stand.

/// How many bits of a key choose its part.
const PART_BITS: u32 = 10;
/// The bytes of an entry that are its line.
const LINE_BYTES: usize = 4;
/// The bytes that come from memory together.
const CACHE_LINE: usize = 64;
/// The room of the smallest part.
const FIRST_ROOM: usize = 24;
/// At this share of its places a part is full.
const FULL_AT: (u64, u64) = (4, 5);
/// Places behind the last one that a key can point to, for those that find no gap before.
const OVERHANG: usize = 24;

/// Keys of so many bytes, and [`PART_BITS`] more.
#[derive(Debug)]
pub(super) struct Packed<const KEY: usize> {
    parts: Vec<Part<KEY>>,
}

#[derive(Debug)]
struct Part<const KEY: usize> {
    /// Entries: a line in little-endian order (0 for a gap, else one more than the line), then the key.
    slots: Vec<u8>,
    /// Places that a key can point to.
    room: usize,
    used: usize,
    /// The room it begins with.
    first: usize,
    /// The room it will take in the end, as far as is known.
    expected: usize,
}

/// A place for a key that has none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    part: usize,
    key: u128,
    at: usize,
}

/// Where a search ended.
enum Found {
    At(usize),
    /// A gap, or the end of the part.
    Gap(usize),
}

impl<const KEY: usize> Default for Packed<KEY> {
    fn default() -> Self {
        // From a quarter apart on: they grow one after the other for ever, and what one leaves is taken by the next.
        let first = |part: usize| FIRST_ROOM + ((part * FIRST_ROOM / 4) >> PART_BITS);
        let part = |part| Part { slots: Vec::new(), room: 0, used: 0, first: first(part), expected: 0 };
        Self { parts: (0..1 << PART_BITS).map(part).collect() }
    }
}

impl<const KEY: usize> Packed<KEY> {
    /// How many bits a key has; what is above them is not looked at.
    pub(super) const BITS: u32 = KEY as u32 * 8 + PART_BITS;

    /// There will be about so many keys in the end: whatever part has to grow makes room for its share of them at once.
    pub(super) fn expect(&mut self, keys: u64) {
        let places = (keys >> PART_BITS).saturating_mul(FULL_AT.1) / FULL_AT.0;
        // A tenth for those that have more than their share, and for what nobody could know.
        let places = places.saturating_add(places / 10);
        let places = usize::try_from(places).unwrap_or(0);
        self.parts.iter_mut().for_each(|part| part.expected = places);
    }

    /// The line of a key.
    pub(super) fn get(&self, key: u128) -> Option<u64> {
        let (part, key) = Self::split(key);
        self.parts.get(part)?.get(key)
    }

    /// Reads a byte where a key would be, and does nothing else: no answer is waited for, so many keys can be on their way
    /// from memory at a time.
    pub(super) fn touch(&self, key: u128) -> u8 {
        let (part, key) = Self::split(key);
        self.parts.get(part).map_or(0, |part| part.touch(key))
    }

    /// A place for a key that has none.
    ///
    /// # Errors
    /// The line of one that has.
    pub(super) fn seat(&self, key: u128) -> Result<Seat, u64> {
        let (part, key) = Self::split(key);
        let found = self.parts.get(part).map_or(Found::Gap(0), |part| part.find(key));
        match found {
            Found::Gap(at) => Ok(Seat { part, key, at }),
            Found::At(at) => Err(self.parts.get(part).map_or(0, |part| part.line(at))),
        }
    }

    /// Keeps a line at a place that was found just now.
    pub(super) fn take(&mut self, seat: Seat, line: u64) {
        if let Some(part) = self.parts.get_mut(seat.part) {
            part.insert(seat.at, seat.key, line);
        }
    }

    /// Keeps a line for a key, whether it has one or not.
    pub(super) fn replace(&mut self, key: u128, line: u64) {
        let (part, key) = Self::split(key);
        if let Some(part) = self.parts.get_mut(part) {
            part.set(key, line);
        }
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.used).sum()
    }

    fn split(key: u128) -> (usize, u128) {
        let part = (key >> (KEY * 8)) & ((1 << PART_BITS) - 1);
        (usize::try_from(part).unwrap_or(0), key & Part::<KEY>::MASK)
    }
}

impl<const KEY: usize> Part<KEY> {
    const STRIDE: usize = LINE_BYTES + KEY;
    const MASK: u128 = (1 << (KEY * 8)) - 1;

    fn put(&mut self, at: usize, line: u32, key: u128) {
        let from = at * Self::STRIDE;
        if let Some(slot) = self.slots.get_mut(from..from + Self::STRIDE) {
            let (own_line, own_key) = slot.split_at_mut(LINE_BYTES);
            own_line.copy_from_slice(&line.to_le_bytes());
            own_key.copy_from_slice(&key.to_le_bytes()[..KEY]);
        }
    }

    /// Where a key points.
    fn home(key: u128, room: usize) -> usize {
        let first = u64::try_from(key >> (KEY * 8 - 32)).unwrap_or(u64::MAX);
        usize::try_from((first * room as u64) >> 32).unwrap_or(0)
    }

    fn find(&self, key: u128) -> Found {
        let bytes = key.to_le_bytes();
        let (wanted, first) = (&bytes[..KEY], word(&bytes));
        let home = Self::home(key, self.room);
        let slots = self.slots.get(home * Self::STRIDE..).unwrap_or_default().chunks_exact(Self::STRIDE);
        let mut at = home;
        for slot in slots {
            let (line, own) = slot.split_at(LINE_BYTES);
            if word(line) == 0 {
                break;
            }
            // Four bytes tell nearly all of them apart.
            if word(own) == first && own == wanted {
                return Found::At(at);
            }
            at += 1;
        }
        Found::Gap(at)
    }

    fn get(&self, key: u128) -> Option<u64> {
        match self.find(key) {
            Found::At(at) => Some(self.line(at)),
            Found::Gap(_) => None,
        }
    }

    fn touch(&self, key: u128) -> u8 {
        let home = Self::home(key, self.room) * Self::STRIDE;
        // A search often ends in the next line of the cache.
        let [here, behind] = [home, home + CACHE_LINE].map(|at| self.slots.get(at).copied().unwrap_or(0));
        here ^ behind
    }

    /// The line of an entry.
    fn line(&self, at: usize) -> u64 {
        let line = self.slots.get(at * Self::STRIDE..).map_or(0, word);
        u64::from(line.saturating_sub(1))
    }

    fn set(&mut self, key: u128, line: u64) {
        match self.find(key) {
            Found::At(at) => self.put(at, written(line), key),
            Found::Gap(at) => self.insert(at, key, line),
        }
    }

    /// Puts an entry where a search for its key has ended.
    fn insert(&mut self, at: usize, key: u128, line: u64) {
        let is_there = at < self.slots.len() / Self::STRIDE;
        if is_there && (self.used as u64) * FULL_AT.1 < (self.room as u64) * FULL_AT.0 {
            self.put(at, written(line), key);
            self.used += 1;
            return;
        }
        self.grow();
        self.set(key, line);
    }

    /// A quarter more places, or those that will be taken in the end: the entries are put anew, nearly in the order of their keys.
    fn grow(&mut self) {
        let room = (self.room + self.room / 4).max(self.first).max(self.expected);
        let slots = vec![0; (room + OVERHANG) * Self::STRIDE];
        let mut grown = Self { slots, room, used: self.used, first: self.first, expected: self.expected };
        for slot in self.slots.chunks_exact(Self::STRIDE) {
            let (line, own) = slot.split_at(LINE_BYTES);
            if word(line) == 0 {
                continue;
            }
            let mut bytes = [0; 16];
            bytes[..KEY].copy_from_slice(own);
            let key = u128::from_le_bytes(bytes);
            let (Found::Gap(at) | Found::At(at)) = grown.find(key);
            if (at + 1) * Self::STRIDE >= grown.slots.len() {
                // One gap stays at the end, even where keys are much the same in front.
                grown.slots.resize(grown.slots.len() + OVERHANG * Self::STRIDE, 0);
            }
            grown.put(at, word(line), key);
        }
        *self = grown;
    }
}

/// The first four bytes as a number.
fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// A line as an entry has it.
fn written(line: u64) -> u32 {
    u32::try_from(line.saturating_add(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn agrees<const KEY: usize>(asked: &[(u128, u64, bool)]) {
        let (mut packed, mut map) = (Packed::<KEY>::default(), HashMap::new());
        for &(key, line, anew) in asked {
            let key = key & ((1 << Packed::<KEY>::BITS) - 1);
            if line % 3 == 0 {
                packed.expect(line.min(1 << 20));
            }
            assert_eq!(packed.get(key), map.get(&key).copied());
            if anew {
                packed.replace(key, line);
                map.insert(key, line);
            } else {
                packed.touch(key);
                match packed.seat(key) {
                    Ok(seat) => packed.take(seat, line),
                    Err(there) => assert_eq!(Some(&there), map.get(&key)),
                }
                map.entry(key).or_insert(line);
            }
        }
        assert_eq!(packed.len(), map.len());
        for (key, line) in map {
            assert_eq!(packed.get(key), Some(line));
        }
    }

    proptest! {
        /// A map, whatever the keys: all of them close together, at both ends, and spread.
        #[test]
        fn keys_have_the_lines_that_a_map_has(
            asked in prop::collection::vec(
                (
                    prop_oneof![any::<u128>(), 0..40_u128, any::<u8>().prop_map(|low| u128::MAX - u128::from(low))],
                    prop_oneof![0..3_u64, any::<u32>().prop_map(|line| u64::from(line / 2))],
                    any::<bool>(),
                ),
                0..600,
            ),
        ) {
            agrees::<6>(&asked);
            agrees::<9>(&asked);
        }
    }

    #[test]
    fn many_keys_in_a_part_stay_dense() {
        for expected in [0, 50_000, 200_000] {
            let mut packed = Packed::<6>::default();
            let spread = |number: u64| u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            for number in 0..200_000 {
                if number == 1_000 {
                    packed.expect(expected);
                }
                packed.replace(spread(number), number);
            }
            assert_eq!(packed.len(), 200_000);
            for number in 0..200_000 {
                assert_eq!(packed.get(spread(number)), Some(number));
                assert_eq!(packed.get(spread(number + 1_000_000)), None);
            }
            let bytes: usize = packed.parts.iter().map(|part| part.slots.capacity()).sum();
            assert!(bytes < 200_000 * 18, "{expected}: {bytes}");
        }
    }

    #[test]
    fn lines_beyond_every_number_are_the_last_one() {
        let mut packed = Packed::<9>::default();
        packed.replace(1, u64::MAX);
        assert_eq!(packed.get(1), Some(u64::from(u32::MAX) - 1));
    }
}
