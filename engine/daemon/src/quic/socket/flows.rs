//! Packets that wait for quinn, by the address that they came from.
//!
//! All clients share one socket. In one line a client who floods it is in everybody's way: what a
//! bystander says waits behind megabytes of the flood. Here each source has a line of its own and they
//! take turns, so that who sends much waits behind itself. Where there is no room left, a long line
//! loses its newest packet.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use quinn::udp::RecvMeta;

/// Bytes that may wait. As many as the kernel is asked to keep: what it hands over finds room.
pub(crate) const ROOM_BYTES: usize = 4 * 1024 * 1024;
/// What a packet takes beside its bytes, at most: the first of a line has it begin with four places of 96
/// bytes, of what is known of a packet and where it is, and be found by its source.
const BESIDE_BYTES: usize = 512;
/// Lines that are compared to find a long one. A flood of few sources is found at once, and one of
/// thousands costs no more.
const COMPARED: usize = 8;

/// A packet, and what is known of its datagram.
type Packet = (Box<[u8]>, RecvMeta);

/// Lines of packets, a source each.
pub(super) struct Flows {
    /// The line of each source that has packets.
    places: HashMap<SocketAddr, usize>,
    lines: Vec<Line>,
    /// Lines that are nobody's.
    free: Vec<usize>,
    /// Whose turn it is: each line that has packets, once.
    turns: VecDeque<usize>,
    bytes: usize,
    room: usize,
}

#[derive(Default)]
struct Line {
    packets: VecDeque<Packet>,
    bytes: usize,
}

const _: () = assert!(4 * size_of::<Packet>() + 2 * size_of::<Line>() < BESIDE_BYTES);

impl Flows {
    /// Nothing waits; at most `room` bytes will.
    pub(super) fn new(room: usize) -> Self {
        Self {
            places: HashMap::new(),
            lines: Vec::new(),
            free: Vec::new(),
            turns: VecDeque::new(),
            bytes: 0,
            room,
        }
    }

    /// A packet goes to the end of its source's line. Where it finds no room, a packet of a long line is
    /// lost instead, or it is lost itself.
    pub(super) fn push(&mut self, packet: &[u8], meta: RecvMeta) {
        let bytes = packet.len() + BESIDE_BYTES;
        while self.bytes + bytes > self.room {
            let here = self.places.get(&meta.addr).map_or(0, |place| self.lines[*place].bytes);
            match self.a_long_one() {
                Some((turn, longest)) if longest > here + bytes => self.lose_one(turn),
                Some(_) | None => return,
            }
        }
        let place = *self.places.entry(meta.addr).or_insert_with(|| {
            let place = self.free.pop().unwrap_or_else(|| {
                self.lines.push(Line::default());
                self.lines.len() - 1
            });
            self.turns.push_back(place);
            place
        });
        let line = &mut self.lines[place];
        line.packets.push_back((packet.into(), meta));
        line.bytes += bytes;
        self.bytes += bytes;
    }

    /// A packet of the source whose turn it is.
    pub(super) fn pop(&mut self) -> Option<Packet> {
        let place = self.turns.pop_front()?;
        let taken = self.take(place, VecDeque::pop_front);
        if !self.lines[place].packets.is_empty() {
            self.turns.push_back(place);
        }
        taken
    }

    /// The longest of those whose turn is next: its turn, and its bytes.
    fn a_long_one(&self) -> Option<(usize, usize)> {
        let next = self.turns.iter().take(COMPARED).enumerate();
        next.map(|(turn, place)| (turn, self.lines[*place].bytes)).max_by_key(|(_, bytes)| *bytes)
    }

    fn lose_one(&mut self, turn: usize) {
        let place = self.turns[turn];
        self.take(place, VecDeque::pop_back);
        if self.lines[place].packets.is_empty() {
            self.turns.remove(turn);
        }
    }

    /// Takes a packet out of a line; a line without packets is nobody's, and holds no memory.
    fn take(
        &mut self,
        place: usize,
        end: fn(&mut VecDeque<Packet>) -> Option<Packet>,
    ) -> Option<Packet> {
        let line = &mut self.lines[place];
        let (packet, meta) = end(&mut line.packets)?;
        let bytes = packet.len() + BESIDE_BYTES;
        line.bytes -= bytes;
        self.bytes -= bytes;
        if line.packets.is_empty() {
            line.packets = VecDeque::new();
            self.places.remove(&meta.addr);
            self.free.push(place);
        }
        Some((packet, meta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn meta(source: u16) -> RecvMeta {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, source));
        RecvMeta { addr, ..RecvMeta::default() }
    }

    /// Sources and first bytes of all that waits, in the order in which it is handed over.
    fn drain(flows: &mut Flows) -> Vec<(u16, u8)> {
        let next = || flows.pop().map(|(packet, meta)| (meta.addr.port(), packet[0]));
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn sources_take_turns_and_each_keeps_its_order() {
        let mut flows = Flows::new(ROOM_BYTES);
        for number in 0..4 {
            flows.push(&[number], meta(1));
        }
        flows.push(&[10], meta(2));
        flows.push(&[20], meta(3));
        flows.push(&[11], meta(2));
        let turns = [(1, 0), (2, 10), (3, 20), (1, 1), (2, 11), (1, 2), (1, 3)];
        assert_eq!(drain(&mut flows), turns);
        assert!(flows.turns.is_empty() && flows.places.is_empty());
        assert_eq!(flows.free.len(), flows.lines.len());
        assert_eq!(flows.bytes, 0);
    }

    #[test]
    fn who_floods_loses_its_own_packets() {
        let packet = [7; 1000];
        let each = packet.len() + BESIDE_BYTES;
        let mut flows = Flows::new(100 * each);
        for _ in 0..1000 {
            flows.push(&packet, meta(1));
        }
        assert_eq!(flows.bytes, 100 * each);
        for source in 2..12 {
            flows.push(&packet, meta(source));
            flows.push(&packet, meta(source));
        }
        assert!(flows.bytes <= 100 * each);
        let handed = drain(&mut flows);
        for source in 2..12 {
            assert_eq!(handed.iter().filter(|(of, _)| *of == source).count(), 2);
        }
        assert_eq!(handed.iter().filter(|(of, _)| *of == 1).count(), 80);
        assert_eq!(flows.bytes, 0);
    }

    #[test]
    fn where_all_are_alike_the_newcomer_is_lost_and_nothing_else() {
        let packet = [7; 100];
        let each = packet.len() + BESIDE_BYTES;
        let mut flows = Flows::new(10 * each);
        for source in 0..20 {
            flows.push(&packet, meta(source));
        }
        let sources: Vec<u16> = drain(&mut flows).into_iter().map(|(source, _)| source).collect();
        assert_eq!(sources, (0..10).collect::<Vec<u16>>());
    }

    #[test]
    fn a_line_that_loses_its_only_packet_has_no_turn() {
        let mut flows = Flows::new(800 + BESIDE_BYTES);
        flows.push(&[1; 800], meta(1));
        flows.push(&[2; 10], meta(2));
        flows.push(&[3; 10], meta(1));
        assert_eq!(drain(&mut flows), [(2, 2), (1, 3)]);
    }

    #[test]
    fn a_packet_that_never_fits_is_lost() {
        let mut flows = Flows::new(1000 + BESIDE_BYTES);
        flows.push(&[1; 500], meta(1));
        flows.push(&[2; 2000], meta(2));
        assert_eq!(drain(&mut flows), [(1, 1)]);
    }
}
