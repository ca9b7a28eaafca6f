package main

import (
	"context"
	"sync"
	"time"
)

// CodeStore keeps the permanent codes of the corps: two methods over a table of the user's own database.
//
// Pushes come late, twice and out of order. So Put takes the time of the event and ignores what is older than it already
// has: a cancel_auth that arrives after the corp has installed the app again must not destroy the new authorisation.
type CodeStore interface {
	// Put keeps a corp's permanent code as of an event; "" says that the corp has cancelled.
	Put(ctx context.Context, corpID, permanentCode string, at time.Time) error
	// Get is the code to use now, "" if there is none.
	Get(ctx context.Context, corpID string) (permanentCode string, err error)
}

// memoryCodes is a CodeStore for this example. In SQL, Put is
//
//	INSERT INTO permanent_codes (corp_id, code, event_time) VALUES (?, ?, ?)
//	ON CONFLICT (corp_id) DO UPDATE SET code = excluded.code, event_time = excluded.event_time
//	WHERE permanent_codes.event_time <= excluded.event_time
type memoryCodes struct {
	mu    sync.Mutex
	codes map[string]storedCode
}

type storedCode struct {
	code string
	at   time.Time
}

func (m *memoryCodes) Put(_ context.Context, corpID, permanentCode string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.codes == nil {
		m.codes = map[string]storedCode{}
	}
	if !m.codes[corpID].at.After(at) {
		m.codes[corpID] = storedCode{permanentCode, at}
	}
	return nil
}

func (m *memoryCodes) Get(_ context.Context, corpID string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.codes[corpID].code, nil
}
