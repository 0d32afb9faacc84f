package flashgin

import "slices"

// list makes q, to which a message was added, the newest queue of its session.
func (s *MemoryStore) list(q *queue) {
	if s.sessions == nil {
		s.sessions = map[string][]*queue{}
	}
	queues := without(s.sessions[q.address.session], q)
	s.sessions[q.address.session] = append(queues, q)
}

// unlist removes q, in which no message is left.
func (s *MemoryStore) unlist(q *queue) {
	queues := without(s.sessions[q.address.session], q)
	if len(queues) == 0 {
		delete(s.sessions, q.address.session)
	} else {
		s.sessions[q.address.session] = queues
	}
}

func without(queues []*queue, q *queue) []*queue {
	if i := slices.Index(queues, q); i >= 0 {
		return slices.Delete(queues, i, i+1)
	}
	return queues
}

// dropViews removes the oldest queues of a session that has too many, and returns how many messages
// they held.
func (s *MemoryStore) dropViews(session string) (dropped int) {
	for len(s.sessions[session]) > s.views() {
		dropped += s.discard(s.sessions[session][0])
	}
	return dropped
}
