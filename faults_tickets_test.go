package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestK1_OlderTicketAfterNewer(t *testing.T) {
	t.Parallel()
	for _, place := range ticketPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			pushTicket(f, "newer", testNow)
			pushTicket(f, "older", testNow.Add(-time.Second))
			requireTicket(f, testSuiteID, "newer")
			pushTicket(f, "newest", testNow.Add(time.Second))
			requireTicket(f, testSuiteID, "newest")
		})
		t.Run(place.name+", put by hand", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			putTicket(t, f.Tickets(), "newer", testNow)
			putTicket(t, f.Tickets(), "older", testNow.Add(-time.Second))
			requireTicket(f, testSuiteID, "newer")
		})
		t.Run(place.name+", on another replica", func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			a, b := newFixture(t, shared.edit), newFixture(t, shared.edit)
			pushTicket(a, "newer", testNow)
			pushTicket(b, "older", testNow.Add(-time.Second)) // b has not seen any ticket before
			requireTicket(a, testSuiteID, "newer")
			requireTicket(b, testSuiteID, "newer")
		})
		t.Run(place.name+", at once", func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			f := newFixture(t, shared.edit)
			const tickets = 50
			var wg sync.WaitGroup
			for _, n := range rand.Perm(tickets) {
				wg.Add(1)
				go func() {
					defer wg.Done()
					at := testNow.Add(time.Duration(n) * time.Second)
					w := f.do(newPush(ticketXML(testSuiteID, "ticket-"+strconv.Itoa(n), at)).request())
					assert.Equal(t, http.StatusOK, w.Code)
					assert.Equal(t, "success", w.Body.String())
				}()
			}
			wg.Wait()
			newest := "ticket-" + strconv.Itoa(tickets-1)
			requireTicket(f, testSuiteID, newest)
			requireTicket(newFixture(t, shared.edit), testSuiteID, newest) // it is what was stored
		})
	}
}

// An older ticket that arrives late is nothing new for the handlers. A repetition of the newest is: they may have failed.
func TestK1_OlderTicketRunsNoHandlers(t *testing.T) {
	t.Parallel()
	for _, place := range ticketPlaces {
		for name, elsewhere := range map[string]bool{"": false, ", on another replica": true} {
			t.Run(place.name+name, func(t *testing.T) {
				t.Parallel()
				shared, seen := place.new(), &observations{}
				f := newFixture(t, shared.edit, seen.watch)
				first := f
				if elsewhere {
					first = newFixture(t, shared.edit)
				}
				pushTicket(first, "newest", testNow)
				before := len(f.handledNames())
				seen.take()
				pushTicket(f, "older", testNow.Add(-time.Second))
				pushTicket(f, "newest", testNow)
				all := seen.take()
				require.Len(t, all, 2)
				require.Equal(t, openwork.OutcomeDuplicate, all[0].Outcome)
				require.Equal(t, openwork.OutcomeHandled, all[1].Outcome)
				require.Len(t, f.handledNames(), before+1)
				requireTicket(f, testSuiteID, "newest")
			})
		}
	}
	t.Run("nor does it go to the queue", func(t *testing.T) {
		t.Parallel()
		q := &keptQueue{}
		f := newFixture(t, func(c *openwork.Config) { c.Queue = q })
		pushTicket(f, "newest", testNow)
		pushTicket(f, "older", testNow.Add(-time.Second))
		require.Len(t, q.all(), 1)
	})
}

func TestK2_EqualTimeStamp(t *testing.T) {
	t.Parallel()
	for _, place := range ticketPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			pushTicket(f, "first", testNow)
			pushTicket(f, "second", testNow)
			requireTicket(f, testSuiteID, "second")
		})
		t.Run(place.name+", on another replica", func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			a, b := newFixture(t, shared.edit), newFixture(t, shared.edit)
			pushTicket(a, "first", testNow)
			pushTicket(b, "second", testNow)
			requireTicket(a, testSuiteID, "second")
			requireTicket(b, testSuiteID, "second")
		})
		t.Run(place.name+", parts of a second do not count", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			putTicket(t, f.Tickets(), "first", testNow.Add(900*time.Millisecond))
			putTicket(t, f.Tickets(), "second", testNow.Add(100*time.Millisecond))
			requireTicket(f, testSuiteID, "second")
		})
	}
}

func TestK3_TicketFromTheFuture(t *testing.T) {
	t.Parallel()
	in2099 := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, place := range ticketPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			pushTicket(f, "from-2099", in2099)
			requireTicket(f, testSuiteID, "from-2099")
			pushTicket(f, "normal", testNow)
			requireTicket(f, testSuiteID, "normal")
		})
		t.Run(place.name+", just beyond Tolerance", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			pushTicket(f, "ahead", testNow.Add(10*time.Minute+time.Second))
			pushTicket(f, "normal", testNow)
			requireTicket(f, testSuiteID, "normal")
		})
		t.Run(place.name+", within Tolerance it is believed", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			pushTicket(f, "ahead", testNow.Add(10*time.Minute-time.Second))
			pushTicket(f, "normal", testNow)
			requireTicket(f, testSuiteID, "ahead")
		})
		t.Run(place.name+", in the middle of a second", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			f.clock.Advance(700 * time.Millisecond)
			pushTicket(f, "from-2099", in2099)
			pushTicket(f, "normal", testNow)
			requireTicket(f, testSuiteID, "normal")
		})
		t.Run(place.name+", though Tolerance is off", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit, func(c *openwork.Config) { c.Tolerance = -1 })
			pushTicket(f, "from-2099", in2099)
			pushTicket(f, "normal", testNow)
			requireTicket(f, testSuiteID, "normal")
			pushTicket(f, "older", testNow.Add(-time.Second))
			requireTicket(f, testSuiteID, "normal")
		})
		t.Run(place.name+", its age counts from now", func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			pushTicket(f, "from-2099", in2099)
			f.clock.Advance(30*time.Minute + time.Second)
			requireTicketError(f, openwork.ErrSuiteTicketExpired)
		})
		t.Run(place.name+", one replica's clock is 5 minutes slow", func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			right, slow := newFixture(t, shared.edit), newFixture(t, shared.edit)
			slow.clock.Advance(-5 * time.Minute)
			receivers := []*fixture{slow, right, slow, slow, right, right, slow}
			for n, f := range receivers {
				ticket := "ticket-" + strconv.Itoa(n)
				pushTicket(f, ticket, right.clock.Now())
				requireTicket(right, testSuiteID, ticket)
				requireTicket(slow, testSuiteID, ticket)
				right.clock.Advance(time.Second)
				slow.clock.Advance(time.Second)
			}
		})
	}
}

func TestK4_TicketOfAnotherSuite(t *testing.T) {
	t.Parallel()
	foreign := ticketXML(otherSuite, "foreign-ticket", testNow.Add(time.Second))
	rows := []struct {
		name  string
		valid *push
		edit  func(*openwork.Config)
	}{
		{"sealed for it", newPush(foreign, sealedFor(otherSuite)), nil},
		{"sealed for us", newPush(foreign), nil},
		{"sealed for the provider", newPush(foreign, sealedFor(testProvider)), nil},
		{"ours, sealed for it", newPush(cryptoTicket, sealedFor(otherSuite)), nil},
		{"ours, sealed for the provider", newPush(cryptoTicket, sealedFor(testProvider)), nil},
		{
			"on a Server without a suite",
			newPush(foreign, sealedFor(otherSuite)),
			func(c *openwork.Config) { c.SuiteID = "" },
		},
		{
			"sealed for a corp it names",
			newPush(document("SuiteId", otherSuite, "InfoType", "suite_ticket", "TimeStamp", "1700000001",
				"SuiteTicket", "foreign-ticket", "AuthCorpId", testCorp), toCorp),
			nil,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var edits []func(*openwork.Config)
			if row.edit != nil {
				edits = append(edits, row.edit)
			}
			f := newTicketedFixture(t, edits...)
			f.HandleSuiteTicketRefreshed(unexpectedHandler(t))
			f.requireRefused(http.StatusForbidden, row.valid.request())
			_, err := f.Tickets().Ticket(context.Background(), otherSuite)
			assert.ErrorIs(t, err, openwork.ErrNoSuiteTicket, "not stored under its own suite either")
		})
	}
}

func TestK5_TicketShape(t *testing.T) {
	t.Parallel()
	stored := []struct {
		name   string
		length int
		warns  bool
	}{
		{"1 byte", 1, false},
		{"512 bytes", 512, false},
		{"513 bytes", 513, true},
		{"4096 bytes", 4096, true},
	}
	for _, row := range stored {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			quiet := len(f.log.String())
			ticket := strings.Repeat("T", row.length)
			pushTicket(f, ticket, testNow)
			requireTicket(f, testSuiteID, ticket)
			said := f.log.String()[quiet:]
			assert.Equal(t, row.warns, strings.Contains(said, "level=WARN"), said)
			if row.length > 1 {
				assert.NotContains(t, said, ticket[:20])
			}
		})
	}

	element := func(inner string) string {
		return strings.Replace(ticketXML(testSuiteID, "forged-ticket-value", testNow.Add(time.Second)),
			"<SuiteTicket><![CDATA[forged-ticket-value]]></SuiteTicket>", inner, 1)
	}
	refused := []struct{ name, plaintext string }{
		{"0 bytes", element("<SuiteTicket><![CDATA[]]></SuiteTicket>")},
		{"an empty element", element("<SuiteTicket/>")},
		{"no element", element("")},
		{"nothing but blanks", element("<SuiteTicket> \n </SuiteTicket>")},
		{"4097 bytes", element("<SuiteTicket>" + strings.Repeat("T", 4097) + "</SuiteTicket>")},
		{"500 kB", element("<SuiteTicket>" + strings.Repeat("T", 500_000) + "</SuiteTicket>")},
	}
	for _, row := range refused {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			require.NotContains(t, row.plaintext, "forged-ticket-value")
			f := newTicketedFixture(t)
			f.HandleSuiteTicketRefreshed(unexpectedHandler(t))
			requirePushRefused(f, http.StatusBadRequest, openwork.ErrMalformed, newPush(row.plaintext))
		})
	}

	blanks := []struct{ name, before, after string }{
		{"blank before CDATA", " ", ""},
		{"newline before CDATA", "\n", ""},
		{"blanks, tabs and newlines on both sides", " \t\r\n ", "\n\t "},
	}
	for _, row := range blanks {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			around := strings.NewReplacer("<![CDATA[", row.before+"<![CDATA[", "]]>", "]]>"+row.after)
			f := newFixture(t)
			f.requireSuccess(newPush(around.Replace(ticketXML(testSuiteID, "trimmed", testNow))).request())
			requireTicket(f, testSuiteID, "trimmed")
			assert.Equal(t, []string{"suite_ticket"}, f.handledNames())
		})
	}
}

func TestK6_StoreDown(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	failTicket := func(f *fixture, ticket string, at time.Time) {
		f.t.Helper()
		w := f.do(newPush(ticketXML(testSuiteID, ticket, at), nowOf(f)).request())
		require.Equal(f.t, http.StatusInternalServerError, w.Code)
		require.Empty(f.t, w.Body.String())
		require.NotContains(f.t, f.log.String(), ticket)
	}
	for _, place := range ticketPlaces {
		t.Run(place.name+", the ticket is kept in memory", func(t *testing.T) {
			t.Parallel()
			store := place.new()
			f := newFixture(t, store.edit)
			f.HandleSuiteTicketRefreshed(unexpectedHandler(t))
			store.fail(down)
			failTicket(f, "kept-in-memory", testNow)
			requireTicket(f, testSuiteID, "kept-in-memory")
		})
		t.Run(place.name+", a stored ticket is served from memory", func(t *testing.T) {
			t.Parallel()
			store := place.new()
			f := newFixture(t, store.edit)
			pushTicket(f, "stored", testNow)
			store.fail(down)
			requireTicket(f, testSuiteID, "stored")
			f.clock.Advance(30*time.Minute + time.Second)
			requireTicketError(f, openwork.ErrSuiteTicketExpired)
			requireTicketError(f, down) // without which nobody would look there
		})
		t.Run(place.name+", order holds in memory", func(t *testing.T) {
			t.Parallel()
			store := place.new()
			f := newFixture(t, store.edit)
			pushTicket(f, "stored", testNow)
			store.fail(down)
			failTicket(f, "newer", testNow.Add(time.Second))
			requireTicket(f, testSuiteID, "newer")
			f.do(newPush(ticketXML(testSuiteID, "older", testNow.Add(-time.Second))).request())
			requireTicket(f, testSuiteID, "newer")
		})
		t.Run(place.name+", it comes back and WeCom repeats the push", func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			a, b := newFixture(t, shared.edit), newFixture(t, shared.edit)
			pushTicket(a, "stored", testNow)
			shared.fail(down)
			failTicket(a, "newer", testNow.Add(time.Second))
			shared.fail(nil)
			requireTicket(a, testSuiteID, "newer")  // what the store has is older
			requireTicket(b, testSuiteID, "stored") // the other replica does not know better yet
			pushTicket(a, "newer", testNow.Add(time.Second))
			requireTicket(a, testSuiteID, "newer")
			requireTicket(b, testSuiteID, "newer")
		})
		t.Run(place.name+", it comes back with a newer ticket of another replica", func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			a, b := newFixture(t, shared.edit), newFixture(t, shared.edit)
			shared.fail(down)
			failTicket(a, "kept-in-memory", testNow)
			shared.fail(nil)
			pushTicket(b, "newer", testNow.Add(time.Second))
			requireTicket(a, testSuiteID, "newer")
		})
		t.Run(place.name+", with nothing in memory the error is no missing ticket", func(t *testing.T) {
			t.Parallel()
			store := place.new()
			f := newFixture(t, store.edit)
			store.fail(down)
			_, err := f.Tickets().Ticket(context.Background(), testSuiteID)
			require.ErrorIs(t, err, down)
			require.NotErrorIs(t, err, openwork.ErrNoSuiteTicket)
			require.NotErrorIs(t, err, openwork.ErrSuiteTicketExpired)
		})
	}
}

func TestTicket_Missing(t *testing.T) {
	t.Parallel()
	for _, place := range ticketPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			requireTicketError(f, openwork.ErrNoSuiteTicket)
			pushTicket(f, "stored", testNow)
			requireTicket(f, testSuiteID, "stored")
		})
	}
}

func TestTicket_Lifetime(t *testing.T) {
	t.Parallel()
	for _, place := range ticketPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			f, restarted := newFixture(t, shared.edit), newFixture(t, shared.edit)
			pushTicket(f, "stored", testNow)
			for _, replica := range []*fixture{f, restarted} {
				replica.clock.Advance(14 * time.Minute)
				requireTicket(replica, testSuiteID, "stored")
				replica.clock.Advance(16*time.Minute - time.Second)
				requireTicket(replica, testSuiteID, "stored")
				replica.clock.Advance(2 * time.Second)
				requireTicketError(replica, openwork.ErrSuiteTicketExpired)
			}
			pushTicket(f, "next", f.clock.Now())
			requireTicket(f, testSuiteID, "next")
			requireTicket(restarted, testSuiteID, "next")
		})
	}
	t.Run("an expired ticket that is pushed is not served", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.do(newPush(ticketXML(testSuiteID, "late", testNow.Add(-31*time.Minute))).request())
		requireTicketError(f, openwork.ErrSuiteTicketExpired)
	})
	t.Run("the cache may forget it, but not before it expires", func(t *testing.T) {
		t.Parallel()
		cache := newWatchedCache()
		f := newFixture(t, func(c *openwork.Config) { c.Cache = cache })
		pushTicket(f, "stored", testNow)
		ttls := cache.recordedTTLs()
		require.NotEmpty(t, ttls)
		for _, ttl := range ttls {
			assert.GreaterOrEqual(t, ttl, 30*time.Minute)
			assert.LessOrEqual(t, ttl, 7*24*time.Hour, "kept for ever")
		}
	})
}

func TestTicket_UserStore(t *testing.T) {
	t.Parallel()
	t.Run("it gets the newest ticket only", func(t *testing.T) {
		t.Parallel()
		store := &lastPutStore{}
		f := newFixture(t, func(c *openwork.Config) { c.Tickets = store })
		pushTicket(f, "first", testNow)
		pushTicket(f, "older", testNow.Add(-time.Minute))
		pushTicket(f, "last", testNow.Add(time.Minute))
		pushTicket(f, "oldest", testNow.Add(-2*time.Minute))
		assert.Equal(t, []openwork.SuiteTicket{
			{Value: "first", Time: testNow},
			{Value: "last", Time: testNow.Add(time.Minute)},
		}, store.puts())
	})
	t.Run("it takes the place of the Cache", func(t *testing.T) {
		t.Parallel()
		cache, store := newWatchedCache(), &lastPutStore{}
		f := newFixture(t, func(c *openwork.Config) { c.Cache, c.Tickets = cache, store })
		pushTicket(f, "stored", testNow)
		_, err := openwork.TicketsIn(cache).Ticket(context.Background(), testSuiteID)
		assert.ErrorIs(t, err, openwork.ErrNoSuiteTicket)
		assert.Len(t, store.puts(), 1)
	})
	t.Run("a Cache that is a TicketStore is used as one", func(t *testing.T) {
		t.Parallel()
		both := struct {
			openwork.Cache
			*lastPutStore
		}{openwork.NewMemoryCache(), &lastPutStore{}}
		f := newFixture(t, func(c *openwork.Config) { c.Cache = both })
		pushTicket(f, "stored", testNow)
		requireTicket(f, testSuiteID, "stored")
		assert.Len(t, both.puts(), 1)
	})
	t.Run("it forgets the time, we do not", func(t *testing.T) {
		t.Parallel()
		store := &lastPutStore{forgetTime: true}
		f := newFixture(t, func(c *openwork.Config) { c.Tickets = store })
		pushTicket(f, "stored", testNow)
		f.clock.Advance(29 * time.Minute)
		requireTicket(f, testSuiteID, "stored")
		pushTicket(f, "older", testNow.Add(-time.Second))
		requireTicket(f, testSuiteID, "stored")
		f.clock.Advance(time.Minute + time.Second)
		requireTicketError(f, openwork.ErrSuiteTicketExpired)
	})
	t.Run("a ticket from 2099 put there by others ages too", func(t *testing.T) {
		t.Parallel()
		store := &lastPutStore{}
		f := newFixture(t, func(c *openwork.Config) { c.Tickets = store })
		require.NoError(t, store.PutTicket(context.Background(), testSuiteID,
			openwork.SuiteTicket{Value: "from-2099", Time: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)}))
		requireTicket(f, testSuiteID, "from-2099")
		f.clock.Advance(30*time.Minute + time.Second)
		requireTicketError(f, openwork.ErrSuiteTicketExpired)
		pushTicket(f, "normal", f.clock.Now())
		requireTicket(f, testSuiteID, "normal")
	})
	// A guessed time is that of the first look, and keeps no genuine ticket out: those arrive a little after they were issued.
	for name, c := range map[string]struct {
		forgets bool
		theirs  time.Time // the time of what others put there
	}{
		"it forgets the time":            {true, testNow},
		"others put one there from 2099": {false, time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		store := func(t *testing.T) (store *lastPutStore, edit func(*openwork.Config), put func()) {
			store = &lastPutStore{forgetTime: c.forgets}
			return store, func(cfg *openwork.Config) { cfg.Tickets = store }, func() {
				require.NoError(t, store.PutTicket(context.Background(), testSuiteID, openwork.SuiteTicket{Value: "theirs", Time: c.theirs}))
			}
		}
		t.Run(name+", genuine ones win", func(t *testing.T) {
			t.Parallel()
			store, edit, put := store(t)
			f, replica := newFixture(t, edit), newFixture(t, edit)
			for n := range 5 {
				put()
				for _, reader := range []*fixture{f, replica} {
					_, err := reader.Tickets().Ticket(context.Background(), testSuiteID)
					require.NoError(t, err)
				}
				genuine := "ticket-" + strconv.Itoa(n)
				pushTicket(f, genuine, f.clock.Now().Add(-2*time.Second))
				requireTicket(f, testSuiteID, genuine)
				requireTicket(replica, testSuiteID, genuine)
				stored := store.puts()
				require.Equal(t, genuine, stored[len(stored)-1].Value, "it was not stored")
				f.clock.Advance(10 * time.Minute)
				replica.clock.Advance(10 * time.Minute)
			}
		})
		t.Run(name+", it ages from the first look", func(t *testing.T) {
			t.Parallel()
			_, edit, put := store(t)
			f := newFixture(t, edit)
			put()
			requireTicket(f, testSuiteID, "theirs")
			f.clock.Advance(10 * time.Minute)
			pushTicket(f, "genuine", f.clock.Now().Add(-2*time.Second))
			put()
			f.clock.Advance(15 * time.Minute)
			requireTicket(f, testSuiteID, "genuine")
			f.clock.Advance(16 * time.Minute)
			requireTicketError(f, openwork.ErrSuiteTicketExpired)
		})
	}
	t.Run("a ticket put there by others is served", func(t *testing.T) {
		t.Parallel()
		store := &lastPutStore{}
		f := newFixture(t, func(c *openwork.Config) { c.Tickets = store })
		pushTicket(f, "ours", testNow)
		require.NoError(t, store.PutTicket(context.Background(), testSuiteID,
			openwork.SuiteTicket{Value: "theirs", Time: testNow.Add(time.Second)}))
		requireTicket(f, testSuiteID, "theirs")
	})
}

func TestTicket_TicketsIn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	// TicketsIn belongs to another process and so has the real clock.
	real := func(c *openwork.Config) { c.SetClock(time.Now) }

	t.Run("it sees what the Server stored", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, real)
		tickets := openwork.TicketsIn(f.cache)
		_, err := tickets.Ticket(ctx, testSuiteID)
		require.ErrorIs(t, err, openwork.ErrNoSuiteTicket)

		now := time.Now()
		f.requireSuccess(newPush(ticketXML(testSuiteID, "shared", now), pushedAt(now)).request())
		got, err := tickets.Ticket(ctx, testSuiteID)
		require.NoError(t, err)
		assert.Equal(t, "shared", got.Value)
		assert.Equal(t, now.Unix(), got.Time.Unix())
	})
	t.Run("the Server sees what was put through it", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, real)
		putTicket(t, openwork.TicketsIn(f.cache), "by-hand", time.Now())
		requireTicket(f, testSuiteID, "by-hand")
	})
	t.Run("it keeps order", func(t *testing.T) {
		t.Parallel()
		tickets, now := openwork.TicketsIn(openwork.NewMemoryCache()), time.Now()
		putTicket(t, tickets, "newer", now)
		putTicket(t, tickets, "older", now.Add(-2*time.Second))
		got, err := tickets.Ticket(ctx, testSuiteID)
		require.NoError(t, err)
		assert.Equal(t, "newer", got.Value)
	})
	t.Run("it knows an expired ticket", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t) // its clock stands at testNow, long ago
		pushTicket(f, "long-ago", testNow)
		requireTicket(f, testSuiteID, "long-ago")
		_, err := openwork.TicketsIn(f.cache).Ticket(ctx, testSuiteID)
		require.ErrorIs(t, err, openwork.ErrSuiteTicketExpired)
	})
}

func TestTicket_TwoSuitesOneCache(t *testing.T) {
	t.Parallel()
	for _, place := range ticketPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			shared := place.new()
			a := newFixture(t, shared.edit)
			b := newFixture(t, shared.edit, func(c *openwork.Config) { c.SuiteID = otherSuite })

			pushTicket(a, "ticket-of-a", testNow)
			_, err := b.Tickets().Ticket(context.Background(), otherSuite)
			require.ErrorIs(t, err, openwork.ErrNoSuiteTicket)

			older := testNow.Add(-time.Minute) // only older than the other suite's
			b.requireSuccess(newPush(ticketXML(otherSuite, "ticket-of-b", older), sealedFor(otherSuite)).request())
			requireTicket(a, testSuiteID, "ticket-of-a")
			requireTicket(b, otherSuite, "ticket-of-b")
		})
	}
}

func TestTicket_NoSecretInCacheKeys(t *testing.T) {
	t.Parallel()
	cache := newWatchedCache()
	f := newFixture(t, func(c *openwork.Config) {
		c.Cache = cache
		c.Previous = &openwork.Credentials{Token: otherToken, EncodingAESKey: otherKey}
	})
	pushTicket(f, "forged-ticket-value", testNow)
	f.requireSuccess(newPush(cryptoEvent).request())
	f.requireSuccess(newPush(textMessage("hello"), toCorp).request())
	require.Equal(t, http.StatusOK, f.do(newURLCheck("1616").request()).Code)
	requireTicket(f, testSuiteID, "forged-ticket-value")

	keys := cache.recordedKeys()
	require.NotEmpty(t, keys)
	assertNoSecret(t, strings.Join(keys, "\n"))
}

func TestTicket_NoSecretInTheLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pushTicket(f, "forged-ticket-value", testNow)
	pushTicket(f, "first-ticket", testNow.Add(-time.Minute)) // ignored
	assertNoSecret(t, f.log.String())
	ticket, err := f.Tickets().Ticket(context.Background(), testSuiteID)
	require.NoError(t, err)
	require.Equal(t, "forged-ticket-value", ticket.Value)
	f.clock.Advance(31 * time.Minute)
	_, err = f.Tickets().Ticket(context.Background(), testSuiteID)
	require.Error(t, err)
	assertNoSecret(t, err.Error())
}

func TestTicket_HandlerRunsAfterTheStore(t *testing.T) {
	t.Parallel()
	for _, place := range ticketPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, place.new().edit)
			var seen []string
			f.HandleSuiteTicketRefreshed(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				ticket, err := f.Tickets().Ticket(msg.Context(), testSuiteID)
				assert.NoError(t, err)
				seen = append(seen, msg.Get("SuiteTicket")+" stored as "+ticket.Value)
				return next(msg)
			})
			f.requireSuccess(newPush(cryptoEvent).request()) // not its event
			pushTicket(f, "first", testNow)
			pushTicket(f, "second", testNow.Add(time.Second))
			assert.Equal(t, []string{"first stored as first", "second stored as second"}, seen)
		})
	}
	t.Run("the ticket is stored though every handler fails", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.HandleSuiteTicketRefreshed(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
			return openwork.Success, errors.New("no")
		})
		w := f.do(newPush(ticketXML(testSuiteID, "stored", testNow)).request())
		require.Equal(t, http.StatusInternalServerError, w.Code)
		requireTicket(f, testSuiteID, "stored")
	})
	t.Run("the ticket is stored though With ends the chain", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Success, nil })
		pushTicket(f, "stored", testNow)
		requireTicket(f, testSuiteID, "stored")
	})
}

// ticketPlace is where a Server keeps tickets. What is stored there and when it expires must be the same for all of
// them.
type ticketPlace struct {
	edit func(*openwork.Config) // Servers made with the same place share it
	fail func(error)            // takes it down with this error, or up again with nil
}

// ticketPlaces are a Cache and a TicketStore that keeps whatever it got last. Each call of new makes an empty one.
var ticketPlaces = []struct {
	name string
	new  func() ticketPlace
}{
	{"Cache", func() ticketPlace {
		cache := newWatchedCache()
		return ticketPlace{edit: func(c *openwork.Config) { c.Cache = cache }, fail: cache.fail}
	}},
	{"TicketStore", func() ticketPlace {
		store := &lastPutStore{}
		return ticketPlace{edit: func(c *openwork.Config) { c.Tickets = store }, fail: store.fail}
	}},
}

// pushTicket pushes a ticket of the usual suite, dated as given, at the time the Server's clock shows.
func pushTicket(f *fixture, ticket string, dated time.Time) {
	f.t.Helper()
	f.requireSuccess(newPush(ticketXML(testSuiteID, ticket, dated), nowOf(f)).request())
}

// nowOf makes a push one of the time the Server's clock shows.
func nowOf(f *fixture) func(*push) { return pushedAt(f.clock.Now()) }

// pushedAt makes a push one of the given time.
func pushedAt(now time.Time) func(*push) {
	return func(p *push) { p.Timestamp = strconv.FormatInt(now.Unix(), 10) }
}

// putTicket stores a ticket of the usual suite by hand.
func putTicket(t *testing.T, tickets openwork.TicketStore, ticket string, dated time.Time) {
	t.Helper()
	require.NoError(t, tickets.PutTicket(context.Background(), testSuiteID,
		openwork.SuiteTicket{Value: ticket, Time: dated}))
}

// requireTicketError checks that there is no ticket of the usual suite, and why.
func requireTicketError(f *fixture, want error) {
	f.t.Helper()
	ticket, err := f.Tickets().Ticket(context.Background(), testSuiteID)
	require.ErrorIs(f.t, err, want)
	require.Empty(f.t, ticket.Value, "a ticket came with the error")
}

// unexpectedHandler fails the test when it runs.
func unexpectedHandler(t *testing.T) openwork.Handler {
	return func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		assert.Fail(t, "the handler ran", msg.Name())
		return next(msg)
	}
}

// lastPutStore is a TicketStore that knows nothing of order, expiry or suites that have no ticket yet, beyond what
// its contract asks.
type lastPutStore struct {
	mu   sync.Mutex
	last map[string]openwork.SuiteTicket
	all  []openwork.SuiteTicket
	down error

	forgetTime bool
}

func (s *lastPutStore) PutTicket(_ context.Context, suiteID string, ticket openwork.SuiteTicket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return fmt.Errorf("put: %w", s.down)
	}
	if s.last == nil {
		s.last = map[string]openwork.SuiteTicket{}
	}
	s.last[suiteID] = ticket
	s.all = append(s.all, ticket)
	return nil
}

func (s *lastPutStore) Ticket(_ context.Context, suiteID string) (openwork.SuiteTicket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return openwork.SuiteTicket{}, fmt.Errorf("ticket: %w", s.down)
	}
	ticket, ok := s.last[suiteID]
	if !ok {
		return openwork.SuiteTicket{}, openwork.ErrNoSuiteTicket
	}
	if s.forgetTime {
		ticket.Time = time.Time{}
	}
	return ticket, nil
}

func (s *lastPutStore) puts() []openwork.SuiteTicket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]openwork.SuiteTicket(nil), s.all...)
}

func (s *lastPutStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// slowPutStore is a lastPutStore that takes its time to store one ticket: it says so and waits to be told to go on.
type slowPutStore struct {
	lastPutStore
	slow          string
	entered, goOn chan struct{}
}

func (s *slowPutStore) PutTicket(ctx context.Context, suiteID string, ticket openwork.SuiteTicket) error {
	if ticket.Value == s.slow {
		close(s.entered)
		<-s.goOn
	}
	return s.lastPutStore.PutTicket(ctx, suiteID, ticket)
}

// watchedCache is a MemoryCache that records keys and lifetimes and can be down.
type watchedCache struct {
	cache *openwork.MemoryCache

	mu   sync.Mutex
	keys []string
	ttls []time.Duration
	down error
}

func newWatchedCache() *watchedCache { return &watchedCache{cache: openwork.NewMemoryCache()} }

func (c *watchedCache) Get(ctx context.Context, key string) (string, bool, error) {
	if err := c.record(key); err != nil {
		return "", false, err
	}
	return c.cache.Get(ctx, key)
}

func (c *watchedCache) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	if err := c.record(key, ttl); err != nil {
		return err
	}
	return c.cache.Set(ctx, key, value, ttl)
}

func (c *watchedCache) Delete(ctx context.Context, key string) error {
	if err := c.record(key); err != nil {
		return err
	}
	return c.cache.Delete(ctx, key)
}

func (c *watchedCache) record(key string, ttls ...time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, key)
	c.ttls = append(c.ttls, ttls...)
	return c.down
}

func (c *watchedCache) recordedKeys() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.keys...)
}

func (c *watchedCache) recordedTTLs() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.ttls...)
}

func (c *watchedCache) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = err
}
