//! Values of a series in memory that several hold: a part of a column is no copy of it.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// The room for more values that a column gets when it grows: one in so many.
const ROOM: usize = 16;
/// What a series takes beside its labels and the values of its column, about.
pub const OF_SERIES: usize = 112;

/// A column, or a part of one. Clones and parts share the values. They are copied before they change, but only while others
/// hold them too.
#[derive(Clone, Debug)]
pub struct SharedColumn<T> {
    held: Arc<Vec<T>>,
    part: Range<usize>,
}

impl<T: Clone> SharedColumn<T> {
    /// The values at these places. Less than half of what is held is a copy, so that a small part does not keep a large
    /// column in memory. None: some of the places are not there.
    pub fn part(&self, places: Range<usize>) -> Option<Self> {
        let values = self.get(places.clone())?;
        if values.len() < self.held.capacity() / 2 {
            return Some(values.to_vec().into());
        }
        let part = self.part.start + places.start..self.part.start + places.end;
        Some(Self { held: self.held.clone(), part })
    }

    /// Drops the values at all other places.
    pub fn keep(&mut self, places: Range<usize>) {
        let end = places.end.min(self.len());
        if let Some(part) = self.part(places.start.min(end)..end) {
            *self = part;
        }
    }

    /// Adds values at the end. Copies the others if somebody else holds them, or if there is no room.
    pub fn append(&mut self, more: impl ExactSizeIterator<Item = T>) {
        let (end, count) = (self.part.end, more.len());
        let has_room = Arc::get_mut(&mut self.held).is_some_and(|values| {
            values.truncate(end);
            values.capacity() - values.len() >= count
        });
        if !has_room {
            // A little more than is needed, so that not every refresh copies the column, and not twice as much.
            let mut values = Vec::with_capacity(self.len() + count + self.len() / ROOM);
            values.extend_from_slice(self);
            *self = values.into();
        }
        let values = Arc::make_mut(&mut self.held);
        values.extend(more);
        self.part.end = values.len();
    }

    /// Gives back the room for more values, and what lies beside this part.
    pub fn shrink(&mut self) {
        if self.held.capacity() > self.len() {
            *self = self.to_vec().into();
        }
    }
}

impl<T> SharedColumn<T> {
    /// All values that stay in memory as long as this part is held.
    pub fn held(&self) -> &[T] {
        &self.held
    }

    /// The bytes of these, and of the room for more.
    pub fn held_bytes(&self) -> usize {
        self.held.capacity() * size_of::<T>()
    }

    /// Whether others hold the same values.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.held) > 1
    }
}

impl<T> Deref for SharedColumn<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.held.get(self.part.clone()).unwrap_or_default()
    }
}

impl<T> From<Vec<T>> for SharedColumn<T> {
    fn from(values: Vec<T>) -> Self {
        let part = 0..values.len();
        Self { held: Arc::new(values), part }
    }
}

impl<T> FromIterator<T> for SharedColumn<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        values.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'c, T> IntoIterator for &'c SharedColumn<T> {
    type Item = &'c T;
    type IntoIter = std::slice::Iter<'c, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(count: usize) -> SharedColumn<usize> {
        (0..count).collect()
    }

    #[test]
    fn a_part_is_shared_unless_it_is_small() {
        let all = column(100);
        for (places, is_shared) in
            [(0..100, true), (50..100, true), (20..70, true), (51..100, false), (7..7, false)]
        {
            let part = all.part(places.clone()).unwrap();
            let own: Vec<usize> = places.clone().collect();
            assert_eq!((&*part, all.is_shared()), (own.as_slice(), is_shared), "{places:?}");
            assert_eq!(part.held().len(), if is_shared { 100 } else { own.len() });
        }
        assert!(!all.is_shared());
        assert!(all.part(50..101).is_none() && all.part(100..100).is_some());
        // Of a part too.
        let part = all.part(20..90).unwrap();
        assert_eq!(
            (part.part(10..70).unwrap().as_ptr(), part.part(10..71).is_none()),
            (&raw const all[30], true)
        );
    }

    #[test]
    fn values_are_copied_only_while_others_hold_them_or_if_there_is_no_room() {
        let mut all = column(100);
        all.append(100..101);
        let place = all.as_ptr();
        for next in 101..107 {
            all.append(next..next + 1);
            assert_eq!(all.as_ptr(), place, "there is room for six more");
        }
        let before = all.part(1..107).unwrap();
        all.keep(1..100);
        all.append([7, 7].into_iter());
        assert_ne!(all.as_ptr(), &raw const before[0]);
        assert!(before.iter().copied().eq(1..107), "whoever holds a part sees no change of it");
        assert!(all.iter().copied().eq((1..100).chain([7, 7])));
        drop(before);
        let place = all.as_ptr();
        all.keep(0..100);
        all.append([8].into_iter());
        assert_eq!((all.as_ptr(), all[100]), (place, 8), "nobody else holds it any more");
    }

    #[test]
    fn what_is_cut_does_not_stay_in_memory_for_long() {
        let mut all = column(1_000);
        all.keep(500..1_000);
        assert_eq!((all.len(), all.held().len()), (500, 1_000));
        all.keep(1..500);
        assert_eq!((all.len(), all.held_bytes()), (499, 499 * size_of::<usize>()));
        let mut grown = column(160);
        grown.append(0..1);
        assert_eq!(grown.held_bytes(), (161 + 10) * size_of::<usize>());
        grown.shrink();
        assert_eq!(grown.held_bytes(), 161 * size_of::<usize>());
        // Moving on with the time adds at the end what it drops at the start.
        let mut moving = column(1_000);
        for next in 1_000..9_000 {
            moving.append(next..next + 1);
            moving.keep(1..1_001);
            assert!(moving.held().len() <= 1_063 && moving[0] == next - 999);
        }
    }

    proptest! {
        /// Whatever happens to one of several, each is what a list of its own would be.
        #[test]
        fn columns_are_lists_of_their_own(acts in prop::collection::vec((0_usize..4, 0_usize..4, any::<(u8, u8)>()), 1..60)) {
            let mut columns = vec![(column(9), (0..9).collect::<Vec<usize>>()); 4];
            for (one, act, (from, to)) in acts {
                let len = columns[one].1.len();
                let (from, to) = (usize::from(from) % (len + 1), usize::from(to) % (len + 1));
                let places = from.min(to)..from.max(to);
                let (column, list) = &mut columns[one];
                match act {
                    0 => {
                        column.append(places.clone());
                        list.extend(places);
                    }
                    1 => {
                        column.keep(places.clone());
                        *list = list[places].to_vec();
                    }
                    2 => column.shrink(),
                    _ => {
                        let part = (column.part(places.clone()).unwrap(), list[places].to_vec());
                        columns[(one + 1) % 4] = part;
                    }
                }
                for (column, list) in &columns {
                    prop_assert_eq!(&**column, list.as_slice());
                    prop_assert!(column.held_bytes() <= (2 * column.len() + 1) * size_of::<usize>());
                }
            }
        }
    }
}
