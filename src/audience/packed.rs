//! Keys with a line each, packed: ten or thirteen bytes an entry, in tables that are three quarters full. A list of ten
//! million people is held in memory by these, and at every row two of them are asked.
//!
//! A key is spread evenly (whoever makes it sees to that). Its first bits choose one of many parts, which grow one at a time;
//! the rest is kept in the part, which is a sorted list with gaps: each entry stands where its key puts it among all
//! possible ones, or behind those that stand there already. So a search looks at one place of memory, and ends at the
//! first gap or larger key.

/// How many bits of a key choose its part.
const PART_BITS: u32 = 10;
/// The bytes of an entry that are its line.
const LINE_BYTES: usize = 4;
/// What is read of an entry at once.
const WORD_BYTES: usize = 16;
/// The room of the smallest part.
const FIRST_ROOM: usize = 24;
/// Places behind the last one that a key can be put at, for those that are pushed on.
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
    /// Places that a key can be put at.
    room: usize,
    used: usize,
    /// The room it begins with.
    first: usize,
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
    /// A gap, or the first larger key.
    Before(usize),
}

impl<const KEY: usize> Default for Packed<KEY> {
    fn default() -> Self {
        // From a third apart on: they grow one after the other for ever, and what one leaves is taken by the next.
        let first = |part: usize| FIRST_ROOM + ((part * FIRST_ROOM / 3) >> PART_BITS);
        let part = |part| Part { slots: Vec::new(), room: 0, used: 0, first: first(part) };
        Self { parts: (0..1 << PART_BITS).map(part).collect() }
    }
}

impl<const KEY: usize> Packed<KEY> {
    /// How many bits a key has; what is above them is not looked at.
    pub(super) const BITS: u32 = KEY as u32 * 8 + PART_BITS;

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
        let found = self.parts.get(part).map_or(Found::Before(0), |part| part.find(key));
        match found {
            Found::Before(at) => Ok(Seat { part, key, at }),
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

    /// Line and key of a place; a gap where there is none.
    fn slot(&self, at: usize) -> (u32, u128) {
        let from = at * Self::STRIDE;
        let word = self.slots.get(from..from + WORD_BYTES).and_then(|bytes| bytes.try_into().ok());
        let word = word.map_or(0, u128::from_le_bytes);
        #[expect(clippy::cast_possible_truncation, reason = "the line is the lowest 32 bits")]
        (word as u32, (word >> (LINE_BYTES * 8)) & Self::MASK)
    }

    fn put(&mut self, at: usize, line: u32, key: u128) {
        let word = (u128::from(line) | key << (LINE_BYTES * 8)).to_le_bytes();
        let from = at * Self::STRIDE;
        if let Some(slot) = self.slots.get_mut(from..from + Self::STRIDE) {
            slot.copy_from_slice(&word[..Self::STRIDE]);
        }
    }

    fn places(&self) -> usize {
        self.slots.len().saturating_sub(WORD_BYTES) / Self::STRIDE
    }

    /// Where a key is put: in the order of keys.
    fn home(key: u128, room: usize) -> usize {
        let first = u64::try_from(key >> (KEY * 8 - 32)).unwrap_or(u64::MAX);
        usize::try_from((first * room as u64) >> 32).unwrap_or(0)
    }

    fn find(&self, key: u128) -> Found {
        let mut at = Self::home(key, self.room);
        loop {
            let (line, there) = self.slot(at);
            if line == 0 || there > key {
                return Found::Before(at);
            }
            if there == key {
                return Found::At(at);
            }
            at += 1;
        }
    }

    fn get(&self, key: u128) -> Option<u64> {
        match self.find(key) {
            Found::At(at) => Some(self.line(at)),
            Found::Before(_) => None,
        }
    }

    fn touch(&self, key: u128) -> u8 {
        self.slots.get(Self::home(key, self.room) * Self::STRIDE).copied().unwrap_or(0)
    }

    /// The line of an entry.
    fn line(&self, at: usize) -> u64 {
        u64::from(self.slot(at).0.saturating_sub(1))
    }

    fn set(&mut self, key: u128, line: u64) {
        match self.find(key) {
            Found::At(at) => self.put(at, written(line), key),
            Found::Before(at) => self.insert(at, key, line),
        }
    }

    /// Puts an entry where a search for its key has ended.
    fn insert(&mut self, at: usize, key: u128, line: u64) {
        if self.used * 20 < self.room * 17 && self.push_on(at) {
            self.put(at, written(line), key);
            self.used += 1;
            return;
        }
        self.grow();
        self.set(key, line);
    }

    /// Makes a gap of a place: whoever stands there and right behind is pushed on by one. False where there is no room.
    fn push_on(&mut self, at: usize) -> bool {
        let places = self.places();
        let Some(gap) = (at..places).find(|place| self.slot(*place).0 == 0) else { return false };
        self.slots.copy_within(at * Self::STRIDE..gap * Self::STRIDE, (at + 1) * Self::STRIDE);
        true
    }

    /// A third more places: the entries are put anew, in their order.
    fn grow(&mut self) {
        let room = (self.room + self.room / 3).max(self.first);
        let slots = vec![0; (room + OVERHANG) * Self::STRIDE + WORD_BYTES];
        let mut grown = Self { slots, room, used: self.used, first: self.first };
        let mut free = 0;
        for at in 0..self.places() {
            let (line, key) = self.slot(at);
            if line == 0 {
                continue;
            }
            let place = Self::home(key, room).max(free);
            if place + 1 >= grown.places() {
                // One gap stays behind the last entry, even where keys are much the same in front.
                grown.slots.resize(grown.slots.len() + OVERHANG * Self::STRIDE, 0);
            }
            grown.put(place, line, key);
            free = place + 1;
        }
        *self = grown;
    }
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
        let mut packed = Packed::<6>::default();
        let spread = |number: u64| u128::from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for number in 0..200_000 {
            packed.replace(spread(number), number);
        }
        assert_eq!(packed.len(), 200_000);
        for number in 0..200_000 {
            assert_eq!(packed.get(spread(number)), Some(number));
            assert_eq!(packed.get(spread(number + 1_000_000)), None);
        }
        let bytes: usize = packed.parts.iter().map(|part| part.slots.capacity()).sum();
        assert!(bytes < 200_000 * 18, "{bytes}");
    }

    #[test]
    fn lines_beyond_every_number_are_the_last_one() {
        let mut packed = Packed::<9>::default();
        packed.replace(1, u64::MAX);
        assert_eq!(packed.get(1), Some(u64::from(u32::MAX) - 1));
    }
}
