//! The spine of a tree: the way from the root that goes on to the larger side at every node.
//!
//! Trees are lopsided. In a forest that looks for something rare most rows go down one long way and leave it near its end: of
//! the 17.6 questions that the forest of the bench asks of a row, 14.4 lie on the spine. All questions of the spine can
//! be asked of several rows at once, without a jump and without waiting for the answer before, because each is known
//! beforehand; where a row leaves is how many answers in a row kept it on the spine. From there on it walks. A lane of
//! 32 bits, of which processors compare four at once with the instructions that all of them have, makes it pay.
//!
//! A single row is asked the questions of several trees at once instead: their spines lie in a [`Bundle`].

use super::{LANES, Narrow, Node};

/// The questions of a spine, and where each leads off.
#[derive(Debug, Clone, PartialEq)]
pub struct Spine {
    questions: Vec<Question>,
    /// Per question the child off the spine, and at last the leaf at the end of the spine.
    pub exits: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Question {
    key: i32,
    /// All bits where staying on the spine means not to be above the key, no bits where it means to be.
    flip: i32,
    slot: u8,
}

/// The spine of the tree at `root`.
pub fn of(nodes: &[Narrow], root: u32) -> Spine {
    let is_leaf = |place: u32| nodes[place as usize].step() == 0;
    let mut end = root as usize;
    // Children lie behind their parents: the tree ends before the first node that no node of it leads to.
    let mut last_child = end;
    while end <= last_child {
        if nodes[end].step() > 0 {
            last_child = last_child.max(end + nodes[end].step() as usize + 1);
        }
        end += 1;
    }
    // Leaves are counted from the end.
    let mut n_leaves = vec![1_u32; end - root as usize];
    for place in (root..end as u32).rev().filter(|place| !is_leaf(*place)) {
        let left = (place - root + nodes[place as usize].step()) as usize;
        n_leaves[(place - root) as usize] = n_leaves[left] + n_leaves[left + 1];
    }
    let mut spine = Spine { questions: Vec::new(), exits: Vec::new() };
    let mut place = root;
    while !is_leaf(place) {
        let node = nodes[place as usize];
        let left = place + node.step();
        let goes_left = n_leaves[(left - root) as usize] >= n_leaves[(left + 1 - root) as usize];
        spine.questions.push(Question { key: node.key, flip: if goes_left { -1 } else { 0 }, slot: node.slot });
        spine.exits.push(if goes_left { left + 1 } else { left });
        place = if goes_left { left } else { left + 1 };
    }
    spine.exits.push(place);
    spine
}

impl Spine {
    /// Where the rows leave.
    #[inline]
    pub fn leave(&self, slots: &[[i32; LANES]; Narrow::N_SLOTS]) -> [u32; LANES] {
        // All bits while the row is on the spine: minus one, which is what is taken away to count.
        let mut on_spine = [-1_i32; LANES];
        let mut n_kept = [0_i32; LANES];
        for question in &self.questions {
            let values = &slots[usize::from(question.slot)];
            for lane in 0..LANES {
                let is_above = -i32::from(values[lane] > question.key);
                on_spine[lane] &= is_above ^ question.flip;
                n_kept[lane] -= on_spine[lane];
            }
        }
        n_kept.map(|n| self.exits[n as usize])
    }
}

/// So many questions are asked before it is looked at whether any tree has one left.
const ASKED_AT_ONCE: usize = 4;

/// The spines of several trees side by side: the first question of each, then the second of each, and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    questions: Vec<Questions>,
    /// Per number of answers that kept the row on the spine and per tree: where it leaves.
    pub exits: Vec<[u32; LANES]>,
}

/// A question for every tree.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Questions {
    keys: [i32; LANES],
    flips: [i32; LANES],
    slots: [u8; LANES],
}

/// What is asked where a spine has ended: nothing is above this key, and so no row is kept on it.
const ENDED: Question = Question { key: i32::MAX, flip: 0, slot: 0 };

impl Bundle {
    /// The spines of at least one and at most [`LANES`] trees; the last one's fills the lanes that are left.
    pub fn of(spines: &[Spine]) -> Self {
        let spines: [&Spine; LANES] = std::array::from_fn(|lane| &spines[lane.min(spines.len() - 1)]);
        let longest = spines.iter().map(|spine| spine.questions.len()).max().unwrap_or(0);
        let questions = (0..longest).map(|at| {
            let asked = spines.map(|spine| *spine.questions.get(at).unwrap_or(&ENDED));
            Questions { keys: asked.map(|q| q.key), flips: asked.map(|q| q.flip), slots: asked.map(|q| q.slot) }
        });
        let exits = (0..=longest).map(|kept| spines.map(|spine| spine.exits[kept.min(spine.questions.len())]));
        Self { questions: questions.collect(), exits: exits.collect() }
    }

    /// Where the row leaves each of them.
    #[inline]
    pub fn leave(&self, slots: &[[i32; 1]; Narrow::N_SLOTS]) -> [u32; LANES] {
        let mut on_spine = [-1_i32; LANES];
        let mut n_kept = [0_i32; LANES];
        for questions in self.questions.chunks(ASKED_AT_ONCE) {
            for Questions { keys, flips, slots: asked } in questions {
                let values = asked.map(|slot| slots[usize::from(slot)][0]);
                for lane in 0..LANES {
                    let is_above = -i32::from(values[lane] > keys[lane]);
                    on_spine[lane] &= is_above ^ flips[lane];
                    n_kept[lane] -= on_spine[lane];
                }
            }
            if on_spine == [0; LANES] {
                break;
            }
        }
        std::array::from_fn(|lane| self.exits[n_kept[lane] as usize][lane])
    }
}
