//! The spine of a tree: the way from the root that goes on to the larger side at every node.
//!
//! Trees are lopsided. In a forest that looks for something rare most rows go down one long way and leave it near its end: of
//! the 17.6 questions that the forest of the bench asks of a row, 14.4 lie on the spine. All questions of the spine can
//! be asked without a jump and without waiting for the answer before, because each is known beforehand; where a row leaves is how
//! many answers in a row kept it on the spine. From there on it walks. Several rows are asked the questions of one tree at once,
//! and a single row those of several trees.

use super::{LANES, Node};

/// An answer to a node's question, in all bits of a lane: yes is minus one, and taken away it counts.
type Answer = i32;
const NO: Answer = 0;
const YES: Answer = -1;

/// The questions of a spine, and where each leads off.
#[derive(Debug, Clone, PartialEq)]
pub struct Spine<N: Node> {
    questions: Vec<Question<N>>,
    /// Per question the child off the spine, and at last the leaf at the end of the spine.
    exits: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Question<N: Node> {
    node: N,
    /// Yes where staying on the spine means not to be above the node's key, no where it means to be.
    flip: Answer,
}

impl<N: Node> Spine<N> {
    /// The spine of the tree at `root`. `nodes` are all trees' nodes.
    pub fn of(nodes: &[N], root: u32) -> Self {
        let mut spine = Self { questions: Vec::new(), exits: Vec::new() };
        let mut place = root;
        loop {
            let node = nodes[place as usize];
            if node.step() == 0 {
                spine.exits.push(place);
                return spine;
            }
            let [left, right] = [place + node.step(), place + node.step() + 1];
            // The children of the larger side lie just behind both.
            let goes_left = nodes[right as usize].step() != 1;
            spine.questions.push(Question { node, flip: if goes_left { YES } else { NO } });
            spine.exits.push(if goes_left { right } else { left });
            place = if goes_left { left } else { right };
        }
    }

    /// Where the rows that lie in `slots` leave.
    #[inline]
    pub fn leave(&self, slots: &[[i32; LANES]]) -> [u32; LANES] {
        let slots = N::known(slots);
        let mut way = Way::begin();
        for Question { node, flip } in &self.questions {
            way.answer(&slots[node.slot().into()], &[node.key(); LANES], &[*flip; LANES]);
        }
        way.n_kept.map(|n| self.exits[n as usize])
    }
}

/// How far the lanes have come.
struct Way {
    on_spine: [Answer; LANES],
    n_kept: [Answer; LANES],
}

impl Way {
    #[inline]
    fn begin() -> Self {
        Self { on_spine: [YES; LANES], n_kept: [NO; LANES] }
    }

    /// Asks a question of each lane.
    #[inline]
    fn answer(&mut self, values: &[i32; LANES], keys: &[i32; LANES], flips: &[Answer; LANES]) {
        for lane in 0..LANES {
            self.on_spine[lane] &= -Answer::from(values[lane] > keys[lane]) ^ flips[lane];
            self.n_kept[lane] -= self.on_spine[lane];
        }
    }

    /// Whether all lanes have left.
    #[inline]
    fn is_over(&self) -> bool {
        self.on_spine == [NO; LANES]
    }
}

/// So many questions are asked before it is looked at whether any tree has one left.
const ASKED_AT_ONCE: usize = 4;

/// The spines of several trees side by side: the first question of each, then the second of each, and so on.
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
    flips: [Answer; LANES],
    slots: [N::Slot; LANES],
}

impl<N: Node> Bundle<N> {
    /// The spines of at least one and at most [`LANES`] trees; the last one's fills the lanes that are left.
    pub fn of(spines: &[Spine<N>]) -> Self {
        let spines: [&Spine<N>; LANES] = std::array::from_fn(|lane| &spines[lane.min(spines.len() - 1)]);
        let longest = spines.iter().map(|spine| spine.questions.len()).max().unwrap_or(0);
        let asks = spines.iter().find_map(|spine| spine.questions.first());
        let questions = (0..longest).zip(asks.into_iter().cycle()).map(|(at, any)| {
            // Where a spine has ended any question will do: all answers lead to its last leaf.
            let asked = spines.map(|spine| spine.questions.get(at).unwrap_or(any));
            Questions {
                keys: asked.map(|question| question.node.key()),
                flips: asked.map(|question| question.flip),
                slots: asked.map(|question| question.node.slot()),
            }
        });
        let exits = (0..=longest).map(|kept| spines.map(|spine| spine.exits[kept.min(spine.questions.len())]));
        Self { questions: questions.collect(), exits: exits.collect() }
    }

    /// Where the row that lies in `slots` leaves each of them.
    #[inline]
    pub fn leave(&self, slots: &[[i32; 1]]) -> [u32; LANES] {
        let slots = N::known(slots);
        let mut way = Way::begin();
        for questions in self.questions.chunks(ASKED_AT_ONCE) {
            for Questions { keys, flips, slots: asked } in questions {
                way.answer(&asked.map(|slot| slots[slot.into()][0]), keys, flips);
            }
            if way.is_over() {
                break;
            }
        }
        std::array::from_fn(|lane| self.exits[way.n_kept[lane] as usize][lane])
    }
}
