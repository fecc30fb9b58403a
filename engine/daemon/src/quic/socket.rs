//! The UDP socket of the endpoint: one packet a buffer, and each source in its turn.
//!
//! Whatever quinn keeps of a packet, it keeps all of the memory that the packet came in, and counts
//! the packet alone. The kernel hands over trains of up to 64 datagrams as one piece of memory, and a
//! datagram may carry packets of the handshake, damaged ones too, before one of a stream. A client
//! whose every byte leaves a gap and comes at the end of a train made the daemon hold 60 KB for each:
//! 2 GB for a session. So trains and such datagrams are taken apart here, and wait in [`Flows`].

mod flows;

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use quinn_proto::{DEFAULT_SUPPORTED_VERSIONS, FixedLengthConnectionIdParser, PartialDecode};

use super::CONNECTION_ID_BYTES;
use flows::Flows;
pub(super) use flows::ROOM_BYTES;

/// Trains that are taken from the kernel at once.
const TRAINS: usize = 16;
/// Packets that are taken before some are handed over: what waits in the kernel stands in one line.
/// quinn is given 32 at once.
const TAKEN: usize = 128;
/// Longest train, in bytes: what the length of a UDP datagram can say.
const TRAIN_BYTES: usize = 64 * 1024;
/// A first byte of a packet with a long header: one of the handshake.
const LONG_HEADER: u8 = 0x80;
/// A first byte of any packet; without it the bytes are none, and fill a datagram up.
const FIXED_BIT: u8 = 0x40;

/// A socket that hands over one packet a buffer.
pub(super) struct OneByOne {
    socket: Arc<dyn AsyncUdpSocket>,
    waiting: Mutex<Waiting>,
}

struct Waiting {
    trains: Trains,
    flows: Flows,
}

/// What was taken from the kernel, and how far it was handed over.
struct Trains {
    buffers: Vec<Box<[u8]>>,
    metas: [RecvMeta; TRAINS],
    received: usize,
    at: usize,
    from: usize,
}

impl OneByOne {
    /// Around a socket of quinn's.
    pub(super) fn new(socket: Arc<dyn AsyncUdpSocket>) -> Arc<Self> {
        let buffers = (0..TRAINS).map(|_| vec![0; TRAIN_BYTES].into()).collect();
        let metas = [RecvMeta::default(); TRAINS];
        let trains = Trains { buffers, metas, received: 0, at: 0, from: 0 };
        let waiting = Mutex::new(Waiting { trains, flows: Flows::new(ROOM_BYTES) });
        Arc::new(Self { socket, waiting })
    }
}

impl Waiting {
    /// Takes apart what the kernel has, until that is enough for now; pending when it has no more.
    fn fill(&mut self, socket: &dyn AsyncUdpSocket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut taken = 0;
        while taken < TAKEN {
            ready!(self.trains.fill(socket, cx))?;
            // Datagrams may be empty: those that come without end do not end a turn otherwise.
            taken += 1;
            while let Some((packet, meta)) = self.trains.next() {
                self.flows.push(packet, meta);
                taken += 1;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Trains {
    /// Takes what the kernel has; everything of before was handed over.
    fn fill(&mut self, socket: &dyn AsyncUdpSocket, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buffers = self.buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer));
        let mut slices: [IoSliceMut<'_>; TRAINS] =
            std::array::from_fn(|_| buffers.next().expect("as many buffers as trains"));
        let received = ready!(socket.poll_recv(cx, &mut slices, &mut self.metas))?;
        (self.received, self.at, self.from) = (received, 0, 0);
        Poll::Ready(Ok(()))
    }

    /// The next packet, and what is known of its datagram.
    fn next(&mut self) -> Option<(&[u8], RecvMeta)> {
        while self.at < self.received {
            let meta = self.metas[self.at];
            if self.from < meta.len {
                let train = &self.buffers[self.at][..meta.len];
                // A datagram ends at its stride, counted from the start of the train.
                let stride = meta.stride.max(1);
                let end = meta.len.min((self.from / stride + 1) * stride);
                let length = first_part(&train[self.from..end]);
                let part = &train[self.from..self.from + length];
                self.from += length;
                return Some((part, RecvMeta { len: length, stride: length, ..meta }));
            }
            self.at += 1;
            self.from = 0;
        }
        None
    }
}

/// Bytes of a datagram that are handed over together: all of it, or what comes before the first packet
/// of a stream. Never 0 of a datagram that is not empty. What fills one up stays with what it fills: a
/// client's first packet counts only in a datagram of 1,200 bytes.
fn first_part(datagram: &[u8]) -> usize {
    let has = |bytes: &[u8], bit: u8| bytes.first().is_some_and(|first| first & bit != 0);
    if !has(datagram, LONG_HEADER) {
        return datagram.len();
    }
    let ids = FixedLengthConnectionIdParser::new(CONNECTION_ID_BYTES);
    let mut here = BytesMut::from(datagram);
    let mut length = 0;
    // As quinn reads it: what it cannot read it drops, with all that comes behind.
    while let Ok((packet, rest)) = PartialDecode::new(here, &ids, DEFAULT_SUPPORTED_VERSIONS, false)
    {
        length += packet.len();
        match rest {
            Some(rest) if has(&rest, LONG_HEADER) => here = rest,
            Some(rest) if has(&rest, FIXED_BIT) => return length,
            Some(_) | None => break,
        }
    }
    datagram.len()
}

impl AsyncUdpSocket for OneByOne {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let mut waiting = self.waiting.lock().expect("nothing panics while it holds the packets");
        loop {
            let filled = waiting.fill(&*self.socket, cx)?;
            let mut count = 0;
            while count < buffers.len() {
                let Some((packet, meta)) = waiting.flows.pop() else { break };
                // Longer ones than quinn has room for were cut by the kernel before.
                if let Some(buffer) = buffers[count].get_mut(..packet.len()) {
                    buffer.copy_from_slice(&packet);
                    metas[count] = meta;
                    count += 1;
                }
            }
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
            ready!(filled);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        1
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}

impl fmt::Debug for OneByOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneByOne").field("socket", &self.socket).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::net::Ipv4Addr;
    use std::task::Waker;

    /// A packet of the handshake with so many bytes behind its header.
    fn long(bytes: usize) -> Vec<u8> {
        let mut packet = vec![0xe0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0];
        packet.extend([0x40 | (bytes >> 8) as u8, bytes as u8]);
        packet.resize(packet.len() + bytes, 7);
        packet
    }

    fn short(bytes: usize) -> Vec<u8> {
        vec![0x41; bytes]
    }

    #[test]
    fn a_packet_of_a_stream_never_shares_its_memory() {
        let two = long(1000).len() + long(30).len();
        let cases = [
            (short(40), 40),
            (long(1000), long(1000).len()),
            ([long(1000), short(40)].concat(), long(1000).len()),
            ([long(1000), long(30), short(40)].concat(), two),
            ([long(1000), long(30)].concat(), two),
            // A client may fill its first datagram up behind the packet: quinn wants to see all of it.
            ([long(500), vec![0; 700]].concat(), long(500).len() + 700),
            ([long(500), long(30), vec![0; 70]].concat(), long(500).len() + long(30).len() + 70),
            // What quinn cannot read it drops whole.
            (long(1000)[..500].to_vec(), 500),
            (vec![0xff; 1200], 1200),
        ];
        for (number, (datagram, length)) in cases.into_iter().enumerate() {
            assert_eq!(first_part(&datagram), length, "case {number}");
        }
    }

    /// A datagram or train of a source, with its stride.
    type Train = (u16, Vec<u8>, usize);

    /// A socket that hands over these trains, so many at a call.
    #[derive(Debug)]
    struct Kernel(Mutex<VecDeque<Vec<Train>>>);

    impl AsyncUdpSocket for Kernel {
        fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
            unreachable!("nothing is sent")
        }

        fn try_send(&self, _: &Transmit<'_>) -> io::Result<()> {
            unreachable!("nothing is sent")
        }

        fn poll_recv(
            &self,
            _: &mut Context<'_>,
            buffers: &mut [IoSliceMut<'_>],
            metas: &mut [RecvMeta],
        ) -> Poll<io::Result<usize>> {
            let Some(trains) = self.0.lock().unwrap().pop_front() else { return Poll::Pending };
            for (at, (source, train, stride)) in trains.iter().enumerate() {
                buffers[at][..train.len()].copy_from_slice(train);
                let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, *source));
                metas[at] =
                    RecvMeta { addr, len: train.len(), stride: *stride, ..RecvMeta::default() };
            }
            Poll::Ready(Ok(trains.len()))
        }

        fn local_addr(&self) -> io::Result<SocketAddr> {
            unreachable!("nobody asks")
        }
    }

    /// Sources and lengths of what a socket hands over.
    fn handed_over(calls: Vec<Vec<Train>>) -> Vec<(u16, usize)> {
        let socket = OneByOne::new(Arc::new(Kernel(Mutex::new(calls.into()))));
        let mut context = Context::from_waker(Waker::noop());
        let mut all = Vec::new();
        loop {
            let mut memory = [[0; 1472]; 2];
            let mut slices = memory.each_mut().map(|buffer| IoSliceMut::new(buffer));
            let mut metas = [RecvMeta::default(); 2];
            match socket.poll_recv(&mut context, &mut slices, &mut metas) {
                Poll::Ready(received) => {
                    for meta in &metas[..received.unwrap()] {
                        assert_eq!(meta.len, meta.stride);
                        all.push((meta.addr.port(), meta.len));
                    }
                }
                Poll::Pending => return all,
            }
        }
    }

    #[test]
    fn trains_come_out_packet_by_packet_and_in_order() {
        let mixed = [long(100), short(20)].concat();
        let trains = vec![
            (1, [short(50), short(50), short(7)].concat(), 50),
            (1, mixed.clone(), mixed.len()),
            (1, short(3), 3),
        ];
        let lengths = [50, 50, 7, long(100).len(), 20, 3];
        assert_eq!(handed_over(vec![trains]), lengths.map(|length| (1, length)));
    }

    #[test]
    fn who_comes_behind_a_flood_does_not_wait_for_it() {
        let flood = vec![(1, vec![short(50); 100].concat(), 50), (1, short(50), 50)];
        let bystander = vec![(2, short(30), 30)];
        let handed = handed_over(vec![flood, bystander]);
        assert_eq!(handed.len(), 102);
        assert!(handed[..2].contains(&(2, 30)), "it stood behind the flood");
    }

    #[test]
    fn a_flood_that_goes_on_keeps_nobody_out() {
        // More than is taken from the kernel before something is handed over.
        let flood = vec![(1, short(50), 50)];
        let handed = handed_over(vec![flood; 3 * TAKEN + 1]);
        assert_eq!(handed.len(), 3 * TAKEN + 1);
    }
}
