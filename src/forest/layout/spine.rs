//! The spine of a tree: the way from the root that goes on to the larger side at every node.
//!
//! Trees are lopsided. In a forest that looks for something rare most rows go down one long way and leave it near its end: of
//! the 17.6 questions that the forest of the bench asks of a row, 14.4 lie on the spine. All questions of the spine can
//! be asked without a jump and without waiting for the answer before, because each is known beforehand; a row leaves at the first
//! whose answer leads off. From there on it walks. Several rows are asked the questions of one tree at once,
//! and a single row those of all trees.

use super::{AT_ONCE, Node};

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
            if node.is_leaf() || way.nodes.len() == MAX_QUESTIONS {
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
    pub fn leave(&self, slots: &[[i32; AT_ONCE]], n_rows: usize, places: &mut [u32; AT_ONCE]) {
        let [above_stays, above_leaves] = &self.questions;
        let places = places.as_chunks_mut::<ASKED_ROWS>().0.iter_mut().take(n_rows.div_ceil(ASKED_ROWS));
        for (chunk, places) in places.enumerate() {
            let values = |node: N| &slots[node.slot()].as_chunks::<ASKED_ROWS>().0[chunk];
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

/// The spines of all trees, for one row: their questions by what they ask about.
///
/// Of the questions about a slot in order of their keys a row leaves at the first few, so that the others need not be asked: those
/// that it leaves at are a fifth of all in the forest of the bench.
#[derive(Debug, Clone, PartialEq)]
pub struct Spines {
    /// Per slot.
    slots: Vec<Turns>,
    /// Per tree where its exits begin, and the number of its last one.
    trees: Vec<(u32, u8)>,
    /// Of one tree after the other.
    exits: Vec<u32>,
}

/// The questions about a slot.
#[derive(Debug, Clone, PartialEq, Default)]
struct Turns {
    /// Those that rows above the key stay at, the highest key first.
    above_stays: Vec<Turn>,
    /// Those that rows above the key leave at, the lowest key first.
    above_leaves: Vec<Turn>,
}

/// A question of the spine of some tree.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Turn {
    key: i32,
    tree: u16,
    /// Its number on the spine.
    number: u8,
}

impl Spines {
    /// Of the trees at these roots. `nodes` are all trees' nodes.
    pub fn of<N: Node>(nodes: &[N], roots: &[u32]) -> Self {
        let mut spines = Self { slots: Vec::new(), trees: Vec::new(), exits: Vec::new() };
        for (tree, root) in (0..).zip(roots) {
            let way = Way::down(nodes, *root);
            spines.trees.push((spines.exits.len() as u32, way.nodes.len() as u8));
            spines.exits.extend(way.exits);
            for (number, (node, above_stays)) in (0..).zip(way.nodes) {
                let slot = node.slot();
                if spines.slots.len() <= slot {
                    spines.slots.resize(slot + 1, Turns::default());
                }
                let turns = &mut spines.slots[slot];
                let turns = if above_stays { &mut turns.above_stays } else { &mut turns.above_leaves };
                turns.push(Turn { key: node.key(), tree, number });
            }
        }
        for Turns { above_stays, above_leaves } in &mut spines.slots {
            above_stays.sort_unstable_by_key(|turn| (std::cmp::Reverse(turn.key), turn.tree, turn.number));
            above_leaves.sort_unstable_by_key(|turn| (turn.key, turn.tree, turn.number));
        }
        spines
    }

    /// Where the row that lies in `slots` leaves each tree. `left_at` has room for as many numbers as there are trees.
    #[inline]
    pub fn leave<'a>(&'a self, slots: &[[i32; 1]], left_at: &'a mut [u8]) -> impl Iterator<Item = u32> + 'a {
        for (left_at, (_, last)) in left_at.iter_mut().zip(&self.trees) {
            *left_at = *last;
        }
        let mut leave = |turn: &Turn| {
            let left_at = &mut left_at[usize::from(turn.tree)];
            *left_at = turn.number.min(*left_at);
        };
        for (&[value], Turns { above_stays, above_leaves }) in slots.iter().zip(&self.slots) {
            above_stays.iter().take_while(|turn| value <= turn.key).for_each(&mut leave);
            above_leaves.iter().take_while(|turn| value > turn.key).for_each(&mut leave);
        }
        let exits = self.trees.iter().zip(left_at);
        exits.map(|((first, _), number)| self.exits[*first as usize + usize::from(*number)])
    }
}
