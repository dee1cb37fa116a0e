//! The spine of a tree: the way from the root that goes on to the larger side at every node.
//!
//! Trees are lopsided. In a forest that looks for something rare most rows go down one long way and leave it near its end: of
//! the 17.6 questions that the forest of the bench asks of a row, 14.4 lie on the spine. All questions of the spine can
//! be asked without a jump and without waiting for the answer before, because each is known beforehand; a row leaves at the first
//! whose answer leads off. From there on it walks. Several rows are asked the questions of one tree at once,
//! and a single row those of several trees.

use super::{LANES, Node, ROWS};

/// An answer to a node's question, in all bits of a lane: yes is minus one, and taken away it counts.
type Answer = i32;
const NO: Answer = 0;
const YES: Answer = -1;

/// The most questions on a spine: so few that a byte counts them. A row that stays on it walks on from there.
const MAX_QUESTIONS: usize = 255;

/// Rows that are asked at once: as many as there are bytes in the narrowest of the processor's wide registers.
const ASKED_ROWS: usize = 16;

/// The way down the larger sides.
#[derive(Debug)]
struct Way<N: Node> {
    /// The nodes on it, and whether being above a node's key leads on.
    nodes: Vec<(N, bool)>,
    /// Per node the child off the way, and at last where it ends.
    exits: Vec<u32>,
}

impl<N: Node> Way<N> {
    /// Of the tree at `root`. `nodes` are all trees' nodes.
    fn down(nodes: &[N], root: u32) -> Self {
        let mut way = Self { nodes: Vec::new(), exits: Vec::new() };
        let mut place = root;
        loop {
            let node = nodes[place as usize];
            if node.step() == 0 || way.nodes.len() == MAX_QUESTIONS {
                way.exits.push(place);
                return way;
            }
            let [left, right] = [place + node.step(), place + node.step() + 1];
            // The children of the larger side lie just behind both.
            let above_stays = nodes[right as usize].step() == 1;
            way.nodes.push((node, above_stays));
            way.exits.push(if above_stays { left } else { right });
            place = if above_stays { right } else { left };
        }
    }
}

/// The spine of a tree, for many rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Spine<N: Node> {
    /// In two parts: those that rows above the key stay at, and those that they leave at.
    questions: [Vec<Question<N>>; 2],
    /// Per number of a question the child off the spine, and at last where the spine ends.
    exits: Vec<u32>,
}

/// A question of a spine.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Question<N: Node> {
    node: N,
    /// Its number on the spine, once for every row that is asked.
    number: [u8; ASKED_ROWS],
}

impl<N: Node> Spine<N> {
    /// The spine of the tree at `root`. `nodes` are all trees' nodes.
    pub fn of(nodes: &[N], root: u32) -> Self {
        let Way { nodes, exits } = Way::down(nodes, root);
        let questions = [true, false].map(|stays| {
            let numbered = (0..).zip(&nodes).filter(|(_, (_, above_stays))| *above_stays == stays);
            numbered.map(|(number, (node, _))| Question { node: *node, number: [number; ASKED_ROWS] }).collect()
        });
        Self { questions, exits }
    }

    /// Where the first rows that lie in `slots` leave: writes a place for each, and for as many more as fill up a register.
    #[inline]
    pub fn leave(&self, slots: &[[i32; ROWS]], n_rows: usize, places: &mut [u32; ROWS]) {
        let [above_stays, above_leaves] = &self.questions;
        let places = places.as_chunks_mut::<ASKED_ROWS>().0.iter_mut().take(n_rows.div_ceil(ASKED_ROWS));
        for (chunk, places) in places.enumerate() {
            let values = |node: N| &slots[node.slot().into()].as_chunks::<ASKED_ROWS>().0[chunk];
            let mut left_at = [(self.exits.len() - 1) as u8; ASKED_ROWS];
            for Question { node, number } in above_stays {
                let values = values(*node);
                for lane in 0..ASKED_ROWS {
                    let stays = u8::from(values[lane] > node.key()).wrapping_neg();
                    left_at[lane] = left_at[lane].min(number[lane] | stays);
                }
            }
            for Question { node, number } in above_leaves {
                let values = values(*node);
                for lane in 0..ASKED_ROWS {
                    let stays = u8::from(values[lane] <= node.key()).wrapping_neg();
                    left_at[lane] = left_at[lane].min(number[lane] | stays);
                }
            }
            *places = left_at.map(|number| self.exits[usize::from(number)]);
        }
    }
}

/// So many questions are asked before it is looked at whether any tree has one left.
const ASKED_AT_ONCE: usize = 4;

/// The spines of several trees side by side, for one row: the first question of each, then the second of each, and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle<N: Node> {
    questions: Vec<Questions<N>>,
    /// Per number of answers that kept the row on the spine and per tree: where it leaves.
    exits: Vec<[u32; LANES]>,
}

/// A question for every tree.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Questions<N: Node> {
    keys: [i32; LANES],
    /// No where being above the key leads on, yes where it leads off.
    flips: [Answer; LANES],
    slots: [N::Slot; LANES],
}

impl<N: Node> Bundle<N> {
    /// The spines of the trees at these roots, at least one and at most [`LANES`]; the last one's fills the lanes that are left.
    pub fn of(nodes: &[N], roots: &[u32]) -> Self {
        let ways: [Way<N>; LANES] =
            std::array::from_fn(|lane| Way::down(nodes, roots[lane.min(roots.len() - 1)]));
        let longest = ways.iter().map(|way| way.nodes.len()).max().unwrap_or(0);
        let asks = ways.iter().find_map(|way| way.nodes.first());
        let questions = (0..longest).zip(asks.into_iter().cycle()).map(|(at, any)| {
            // Where a spine has ended any question will do: all answers lead to its last exit.
            let asked = ways.each_ref().map(|way| way.nodes.get(at).unwrap_or(any));
            Questions {
                keys: asked.map(|(node, _)| node.key()),
                flips: asked.map(|(_, above_stays)| if *above_stays { NO } else { YES }),
                slots: asked.map(|(node, _)| node.slot()),
            }
        });
        let exits = (0..=longest).map(|kept| ways.each_ref().map(|way| way.exits[kept.min(way.nodes.len())]));
        Self { questions: questions.collect(), exits: exits.collect() }
    }

    /// Where the row that lies in `slots` leaves each of them.
    #[inline]
    pub fn leave(&self, slots: &[[i32; 1]]) -> [u32; LANES] {
        let slots = N::known(slots);
        let mut on_spine = [YES; LANES];
        let mut n_kept = [NO; LANES];
        for questions in self.questions.chunks(ASKED_AT_ONCE) {
            for Questions { keys, flips, slots: asked } in questions {
                let values = asked.map(|slot| slots[slot.into()][0]);
                for lane in 0..LANES {
                    on_spine[lane] &= -Answer::from(values[lane] > keys[lane]) ^ flips[lane];
                    n_kept[lane] -= on_spine[lane];
                }
            }
            if on_spine == [NO; LANES] {
                break;
            }
        }
        std::array::from_fn(|lane| self.exits[n_kept[lane] as usize][lane])
    }
}
