//! Constants into what the buffers left of the pools.

use super::problem::Access;

/// A block of data that lives always, and where it is unless a pool takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Bytes.
    pub size: u64,
    /// Its address is a multiple of this; a power of two.
    pub align: u64,
    /// How often it is accessed in one run.
    pub access: Access,
    /// Cycles that reading a word takes where it is without a pool, beyond the cheapest memory.
    pub read_cost: u32,
}

/// What is left of a pool, above its buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// First free byte.
    pub from: u64,
    /// Bytes of the pool; `None` if it is not limited.
    pub size: Option<u64>,
    /// Cycles that reading a word takes, beyond the cheapest memory.
    pub read_cost: u32,
}

impl Room {
    /// Where an item would end, if it still fits.
    fn end(&self, item: &Item) -> Option<u64> {
        let at = self.from.checked_next_multiple_of(item.align)?;
        let end = at.checked_add(item.size)?;
        self.size.is_none_or(|size| end <= size).then_some(end)
    }
}

/// For each item the room that takes it; `None` if it stays where it is.
///
/// Items that save most cycles a byte come first (of equal ones the earlier), each goes into the room in which it saves most (of equal
/// ones the earlier) as long as it fits; an item that saves nothing stays. `rooms` are left as they are after that.
///
/// # Panics
/// When an item's alignment is 0.
pub fn fill(items: &[Item], rooms: &mut [Room]) -> Vec<Option<usize>> {
    let fastest = rooms.iter().map(|r| r.read_cost).min().unwrap_or(u32::MAX);
    let saved = |item: &Item, room: u32| {
        u128::from(item.access.reads) * u128::from(item.read_cost.saturating_sub(room))
    };
    let mut order: Vec<usize> = (0..items.len())
        .filter(|&i| items[i].size > 0 && saved(&items[i], fastest) > 0)
        .collect();
    // As a quotient, since the products of a comparison by cross-multiplication may overflow.
    let density = |i: usize| saved(&items[i], fastest) as f64 / items[i].size as f64;
    order.sort_by(|&a, &b| density(b).total_cmp(&density(a)).then(a.cmp(&b)));
    let mut places = vec![None; items.len()];
    for i in order {
        let item = &items[i];
        let fitting = (0..rooms.len()).filter(|&r| rooms[r].end(item).is_some());
        let best = fitting.max_by_key(|&r| (saved(item, rooms[r].read_cost), std::cmp::Reverse(r)));
        if let Some(r) = best.filter(|&r| saved(item, rooms[r].read_cost) > 0)
            && let Some(end) = rooms[r].end(item)
        {
            rooms[r].from = end;
            places[i] = Some(r);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(size: u64, reads: u64) -> Item {
        Item {
            size,
            align: 16,
            access: Access { reads, writes: 0 },
            read_cost: 4,
        }
    }

    fn room(from: u64, size: u64, read_cost: u32) -> Room {
        Room {
            from,
            size: Some(size),
            read_cost,
        }
    }

    #[test]
    fn the_hottest_byte_comes_first_and_the_rest_goes_to_the_next_room() {
        let items = [item(100, 100), item(100, 300), item(1000, 5000), item(8, 0)];
        let mut rooms = [room(10, 140, 0), room(0, 200, 1)];
        // 20, 12 and 4 cycles a byte: the first fits nowhere, the next goes to 16, the last into the slower room.
        assert_eq!(fill(&items, &mut rooms), [Some(1), Some(0), None, None]);
        assert_eq!((rooms[0].from, rooms[1].from), (116, 100));
    }

    #[test]
    fn nothing_moves_to_where_it_is_no_faster() {
        let mut rooms = [room(0, 1000, 4), room(0, 1000, 7)];
        assert_eq!(fill(&[item(10, 100)], &mut rooms), [None]);
        assert_eq!(fill(&[item(10, 100)], &mut []), [None]);
    }

    #[test]
    fn an_alignment_that_does_not_fit_is_no_overflow() {
        let mut rooms = [room(u64::MAX - 3, u64::MAX, 0)];
        assert_eq!(fill(&[item(1, 1)], &mut rooms), [None]);
    }
}
