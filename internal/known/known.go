// Package known remembers that nothing waits for a session at the views of a page, so that the page
// need not ask the store again. Who would miss it: the owner of a busy Redis, because few pages
// have a message. The package knows neither messages nor stores.
//
// What it remembers is true as long as nobody adds a message. Two kinds of news end it:
//
//   - What the browser itself has caused. Each answer that stores a message gives the browser
//     another mark, and the mark is part of what is remembered. So the next page asks, whichever
//     process it comes to.
//   - What others have caused: [Sessions.Forget] is called when somebody adds. Nothing is
//     remembered unless such news arrive: [Sessions.Watching] sends some to itself, and stops
//     remembering when they do not come back.
//
// A piece of news may get lost all the same, so what is remembered also ends after a while.
package known

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	shards = 16
	// pagesAtMost is how many pages of a session are remembered.
	pagesAtMost = 3
	// notesAtMost is how many notes of a shard say that something was forgotten: see Look.
	notesAtMost = 256
)

// Sessions is what a process knows. Nil knows nothing. It is safe for concurrent use by multiple
// goroutines.
type Sessions struct {
	life   time.Duration
	start  time.Time
	seed   maphash.Seed
	shards [shards]shard
}

// A shard has the sessions whose hashes are alike in some bits. It keeps two generations. When the
// young one is full, the old one goes: so its size is bounded, and nobody looks for the oldest.
type shard struct {
	mu         sync.Mutex
	listens    bool
	all        uint32 // how often everything was forgotten
	notes      [notesAtMost]uint32
	most       int // sessions of a generation
	young, old map[uint64]pages
}

// pages are those of a session at which nothing waits.
type pages [pagesAtMost]page

type page struct {
	hash uint64 // of the mark and the views
	ends time.Duration
}

// New returns a Sessions that remembers at most so many sessions, each for the life at most. It
// knows nothing, and nobody listens yet.
func New(life time.Duration, atMost int) *Sessions {
	s := &Sessions{life: life, start: time.Now(), seed: maphash.MakeSeed()}
	for i := range s.shards {
		s.shards[i].most = max(atMost/shards/2, 1)
		s.shards[i].clear()
	}
	return s
}

func (sh *shard) clear() { sh.young, sh.old = map[uint64]pages{}, map[uint64]pages{} }

// A Look is made before the store is asked. So [Sessions.Learn] sees whether something was
// forgotten meanwhile.
type Look struct {
	// Nothing says that nothing waits, as far as is known: the store need not be asked.
	Nothing bool

	session, page uint64
	began         time.Duration
	all, note     uint32
	learns        bool
}

// Look says what is known of a session, for a browser that has come with the mark. Without a mark
// nothing is known or learned.
func (s *Sessions) Look(session, mark string, views []string) (look Look) {
	if s == nil || mark == "" {
		return look
	}
	look = Look{session: s.hash(session), page: s.hash(mark, views...), began: time.Since(s.start)}
	sh := s.shard(look.session)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	look.learns, look.all, look.note = sh.listens, sh.all, *sh.noteOf(look.session)
	known, ok := sh.young[look.session]
	if !ok {
		known = sh.old[look.session]
	}
	for _, p := range known {
		look.Nothing = look.Nothing || p.hash == look.page && look.began < p.ends
	}
	return look
}

// Learn notes that the store was asked after the look, and nothing waited. Nobody may have claimed
// something there either, which would wait again one day.
func (s *Sessions) Learn(look Look) {
	if !look.learns {
		return
	}
	sh := s.shard(look.session)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if !sh.listens || sh.all != look.all || *sh.noteOf(look.session) != look.note {
		return
	}
	known, ok := sh.young[look.session]
	if !ok {
		known = sh.old[look.session]
		delete(sh.old, look.session)
		if len(sh.young) >= sh.most {
			sh.young, sh.old = sh.old, sh.young
			clear(sh.young)
		}
	}
	oldest := 0
	for i, p := range known {
		if p.hash == look.page {
			oldest = i
			break
		}
		if p.ends < known[oldest].ends {
			oldest = i
		}
	}
	known[oldest] = page{look.page, look.began + s.life}
	sh.young[look.session] = known
}

// Forget forgets a session: somebody has added something for it.
func (s *Sessions) Forget(session string) {
	if s == nil {
		return
	}
	hash := s.hash(session)
	sh := s.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	*sh.noteOf(hash)++
	delete(sh.young, hash)
	delete(sh.old, hash)
}

// Listen says that from now on Forget is called when anybody adds something. What was known before
// is forgotten.
func (s *Sessions) Listen() { s.forgetAll(true) }

// Deaf says that nobody calls Forget any more when others add something.
func (s *Sessions) Deaf() { s.forgetAll(false) }

func (s *Sessions) forgetAll(listens bool) {
	if s == nil {
		return
	}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		sh.listens = listens
		sh.all++
		sh.clear()
		sh.mu.Unlock()
	}
}

func (s *Sessions) shard(hash uint64) *shard { return &s.shards[hash%shards] }

// noteOf returns the note that changes when the session is forgotten. Other sessions share it, so
// something may not be learned.
func (sh *shard) noteOf(hash uint64) *uint32 { return &sh.notes[hash/shards%notesAtMost] }

func (s *Sessions) hash(first string, more ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	h.WriteString(first)
	for _, text := range more {
		h.WriteByte(0)
		h.WriteString(text)
	}
	return h.Sum64()
}
