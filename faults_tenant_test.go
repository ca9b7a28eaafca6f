package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// jsonDocument is document in the other form: jsonDocument("InfoType", "x").
func jsonDocument(pairs ...string) string {
	members := make([]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		members = append(members, strconv.Quote(pairs[i])+":"+strconv.Quote(pairs[i+1]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// bothForms are the two ways to write a push.
var bothForms = map[string]func(pairs ...string) string{"XML": document, "JSON": jsonDocument}

// tenant is a Server that notes whom it asks about and what reaches handlers.
type tenant struct {
	*fixture
	seen    *observations
	mu      sync.Mutex
	asked   []string
	handled []*openwork.Message
	ran     []string // the Handle methods of authorisation events
}

// newTenant makes the usual Server after edits. Whatever AllowCorp they set is
// asked, and if they set none, it agrees to testCorp and the provider.
func newTenant(t *testing.T, more ...func(*openwork.Config)) *tenant {
	s := &tenant{seen: &observations{}}
	s.fixture = newFixture(t, append([]func(*openwork.Config){allowOnly(testCorp, testProvider)}, append(more,
		func(cfg *openwork.Config) {
			if allow := cfg.AllowCorp; allow != nil {
				cfg.AllowCorp = func(ctx context.Context, corpID string) (bool, error) {
					s.mu.Lock()
					s.asked = append(s.asked, corpID)
					s.mu.Unlock()
					return allow(ctx, corpID)
				}
			}
		}, s.seen.watch)...)...)
	s.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		s.mu.Lock()
		s.handled = append(s.handled, msg)
		s.mu.Unlock()
		return next(msg)
	})
	for name, handle := range map[string]func(openwork.Handler){
		"suite_ticket": s.HandleSuiteTicketRefreshed, "create_auth": s.HandleAuthCreated, "change_auth": s.HandleAuthChanged,
		"cancel_auth": s.HandleAuthCancelled, "reset_permanent_code": s.HandleResetPermanentCode,
	} {
		handle(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			s.mu.Lock()
			s.ran = append(s.ran, name)
			s.mu.Unlock()
			return next(msg)
		})
	}
	return s
}

// pushed is what became of a push.
type pushed struct {
	status  int
	msg     *openwork.Message // nil if no handler saw it
	asked   []string
	ran     []string
	channel string
	log     string
}

// push sends a text made for somebody.
func (s *tenant) push(text, receiveID string) pushed {
	s.t.Helper()
	s.mu.Lock()
	s.asked, s.handled, s.ran = nil, nil, nil
	s.mu.Unlock()
	before := len(s.log.String())
	ticket, _ := s.Tickets().Ticket(context.Background(), testSuiteID)
	w := s.do(newPush(text, func(p *push) { p.ReceiveID = receiveID }).request())
	got := pushed{status: w.Code, asked: s.asked, ran: s.ran, log: s.log.String()[before:]}
	if len(s.handled) > 0 {
		got.msg = s.handled[0]
	}
	for _, o := range s.seen.take() {
		got.channel = o.Channel
	}
	if w.Code != http.StatusOK {
		require.Empty(s.t, w.Body.String())
		require.Nil(s.t, got.msg, "a handler ran")
		after, _ := s.Tickets().Ticket(context.Background(), testSuiteID)
		require.Equal(s.t, ticket, after, "the ticket store changed")
	}
	return got
}

// Whose push it is follows from the receive id, and the corp that handlers see
// is the one that was asked about.
func TestO4_OneCorp(t *testing.T) {
	t.Parallel()
	const a, b = testCorp, strangerCorp
	event := func(pairs ...string) []string {
		return append([]string{"MsgType", "event", "Event", "sys_approval_change", "CreateTime", "1700000000", "FromUserName", "sys"}, pairs...)
	}
	info := func(infoType string, pairs ...string) []string {
		return append([]string{"InfoType", infoType, "TimeStamp", "1700000000"}, pairs...)
	}
	for _, row := range []struct {
		name    string
		madeFor string
		pairs   []string
		status  int
		corp    string // as handlers see it
		asked   string
	}{
		{"for A, AuthCorpId is A", a, info("change_contact", "AuthCorpId", a), 200, a, a},
		{"for A, AuthCorpId is A, of our suite", a, info("device_data_auth_change", "SuiteId", testSuiteID, "AuthCorpId", a), 200, a, a},
		{"for A, AuthCorpId is A, of another suite", a, info("device_data_auth_change", "SuiteId", otherSuite, "AuthCorpId", a), 403, "", ""},
		{"for A, PaidCorpId is A", a, info("open_order", "PaidCorpId", a), 200, a, a},
		{"for A, AuthCorpId and PaidCorpId are A", a, info("open_order", "AuthCorpId", a, "PaidCorpId", a), 200, a, a},
		{"for A, ToUserName is A, with InfoType", a, info("change_contact", "ToUserName", a), 200, a, a},
		{"for A, AuthCorpId is B", a, info("change_contact", "AuthCorpId", b), 403, "", ""},
		{"for A, PaidCorpId is B", a, info("open_order", "PaidCorpId", b), 403, "", ""},
		{"for A, AuthCorpId is A, PaidCorpId is B", a, info("open_order", "AuthCorpId", a, "PaidCorpId", b), 403, "", ""},
		{"for A, AuthCorpId is B, PaidCorpId is A", a, info("open_order", "AuthCorpId", b, "PaidCorpId", a), 403, "", ""},
		{"for A, AuthCorpId is A, ToUserName is B", a, info("change_contact", "AuthCorpId", a, "ToUserName", b), 403, "", ""},
		{"for A, AuthCorpId is B, ToUserName is A", a, info("change_contact", "AuthCorpId", b, "ToUserName", a), 403, "", ""},
		{"for A, AuthCorpId is A in capitals", a, info("change_contact", "AuthCorpId", strings.ToUpper(a)), 403, "", ""},
		{"for A, naming nobody", a, info("change_contact"), 403, "", ""},
		{"for A, with ServiceCorpId", a, info("license_pay_success", "ServiceCorpId", testProvider, "AuthCorpId", a), 403, "", ""},
		{"for A, with another's ServiceCorpId", a, info("license_pay_success", "ServiceCorpId", b, "AuthCorpId", a), 403, "", ""},
		{"for A, ServiceCorpId is A", a, info("license_pay_success", "ServiceCorpId", a, "AuthCorpId", a), 403, "", ""},
		{"for B, whom AllowCorp refuses", b, info("change_contact", "AuthCorpId", b), 403, "", b},

		{"event for A", a, event("ToUserName", a), 200, a, a},
		{"event for A, AuthCorpId is A", a, event("ToUserName", a, "AuthCorpId", a), 200, a, a},
		{"event for A, of our suite", a, event("ToUserName", a, "SuiteId", testSuiteID), 200, a, a},
		{"event for A, of another suite", a, event("ToUserName", a, "SuiteId", otherSuite), 403, "", ""},
		{"event for A, to B", a, event("ToUserName", b), 403, "", ""},
		{"event for A, AuthCorpId is B", a, event("ToUserName", a, "AuthCorpId", b), 403, "", ""},
		{"event for A, AuthCorpId is B, in front", a, append([]string{"AuthCorpId", b}, event("ToUserName", a)...), 403, "", ""},
		{"event for A, PaidCorpId is B", a, event("ToUserName", a, "PaidCorpId", b), 403, "", ""},
		{"event for A, to B, AuthCorpId is A", a, event("ToUserName", b, "AuthCorpId", a), 403, "", ""},
		{"event for A, to nobody", a, event(), 403, "", ""},
		{"event for A, to nobody, AuthCorpId is A", a, event("AuthCorpId", a), 403, "", ""},
		{"event for A, ToUserName is empty", a, event("ToUserName", "", "AuthCorpId", a), 403, "", ""},
		{"event for B, whom AllowCorp refuses", b, event("ToUserName", b), 403, "", b},

		{"for the suite", testSuiteID, info("change_contact", "SuiteId", testSuiteID, "AuthCorpId", a), 200, a, ""},
		{"for the suite, of another suite", testSuiteID, info("change_contact", "SuiteId", otherSuite, "AuthCorpId", a), 403, "", ""},
		{"for the suite, with another's ServiceCorpId", testSuiteID, info("change_contact", "ServiceCorpId", b, "AuthCorpId", a), 403, "", ""},
		{"event for the suite", testSuiteID, event("ToUserName", a), 200, a, ""},
		{"event for the suite, AuthCorpId is the same", testSuiteID, event("ToUserName", a, "AuthCorpId", a), 200, a, ""},
		{"event for the suite, AuthCorpId is B", testSuiteID, event("ToUserName", a, "AuthCorpId", b), 403, "", ""},
		{"event for the suite, PaidCorpId is B", testSuiteID, event("ToUserName", a, "PaidCorpId", b), 403, "", ""},
		{"event for the suite, AuthCorpId alone", testSuiteID, event("AuthCorpId", b), 403, "", ""},

		{"for the provider, with ServiceCorpId", testProvider, info("license_pay_success", "ServiceCorpId", testProvider, "AuthCorpId", a), 200, a, ""},
		{"for the provider, with ServiceCorpId alone", testProvider, info("fetch_log_finish", "ServiceCorpId", testProvider), 200, "", ""},
		{"for the provider, with another's ServiceCorpId", testProvider, info("license_pay_success", "ServiceCorpId", b, "AuthCorpId", a), 403, "", ""},
		{"for the provider, without ServiceCorpId", testProvider, info("license_pay_success", "AuthCorpId", a), 403, "", ""},
		{"for the provider, naming nobody", testProvider, info("license_pay_success"), 403, "", ""},
		{"for the provider as a customer", testProvider, info("change_contact", "AuthCorpId", testProvider), 200, testProvider, ""},
		{"for the provider as a customer, PaidCorpId is A", testProvider, info("change_contact", "AuthCorpId", testProvider, "PaidCorpId", a), 403, "", ""},
		{"for the provider as a customer, AuthCorpId is A", testProvider, info("change_contact", "ToUserName", testProvider, "AuthCorpId", a), 403, "", ""},
		{"event for the provider as a customer", testProvider, event("ToUserName", testProvider), 200, testProvider, ""},
		{"event for the provider, to A", testProvider, event("ToUserName", a), 403, "", ""},
		{"event for the provider, to A, with ServiceCorpId", testProvider, event("ToUserName", a, "ServiceCorpId", testProvider), 403, "", ""},
		{"event for the provider, AuthCorpId is A", testProvider, event("ToUserName", testProvider, "AuthCorpId", a), 403, "", ""},
		{"event for the provider, PaidCorpId is A", testProvider, event("ToUserName", testProvider, "PaidCorpId", a), 403, "", ""},
		{"event for the provider, AuthCorpId is A, with ServiceCorpId", testProvider,
			event("ToUserName", testProvider, "AuthCorpId", a, "ServiceCorpId", testProvider), 403, "", ""},
		{"hardware, for the provider", testProvider, []string{"DeviceSn", "1", "ModelId", "2"}, 200, "", ""},
		{"hardware, for A", a, []string{"DeviceSn", "1", "ModelId", "2"}, 403, "", ""},
		{"hardware, for a model_id", "model-0123456789abcdef", []string{"DeviceSn", "1", "ModelId", "model-0123456789abcdef"}, 403, "", ""},
	} {
		for form, write := range bothForms {
			t.Run(row.name+", "+form, func(t *testing.T) {
				t.Parallel()
				got := newTenant(t).push(write(row.pairs...), row.madeFor)
				require.Equal(t, row.status, got.status, got.log)
				assert.Equal(t, row.asked, strings.Join(got.asked, " "), "AllowCorp was asked about another")
				if row.status == 200 {
					require.NotNil(t, got.msg)
					assert.Equal(t, row.corp, got.msg.CorpID)
					assert.Equal(t, row.madeFor, got.msg.ReceiveID)
				}
			})
		}
	}
}

// A worker reads the corp that was asked about.
func TestO4_TheQueueGetsTheSameCorp(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"event":                     dataEvent("change_app_admin"),
		"event, AuthCorpId of B":    dataEvent("change_app_admin", "AuthCorpId", strangerCorp),
		"command":                   document("InfoType", "change_contact", "AuthCorpId", testCorp),
		"command, PaidCorpId of B":  document("InfoType", "change_contact", "AuthCorpId", testCorp, "PaidCorpId", strangerCorp),
		"command, made for another": document("InfoType", "change_contact", "AuthCorpId", strangerCorp),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			queue := &keepingQueue{}
			s := newTenant(t, func(cfg *openwork.Config) { cfg.Queue = queue })
			got := s.push(text, testCorp)
			for _, d := range queue.all() {
				require.Equal(t, 200, got.status)
				require.Equal(t, testCorp, d.CorpID)
				require.NoError(t, s.Process(t.Context(), d))
				require.Equal(t, testCorp, s.handled[0].CorpID)
			}
			require.Equal(t, got.status == 200, len(queue.all()) == 1)
			require.Equal(t, name == "event" || name == "command", got.status == 200, got.log)
		})
	}
}

// keepingQueue keeps what it gets.
type keepingQueue struct {
	mu         sync.Mutex
	deliveries []openwork.Delivery
}

func (q *keepingQueue) Enqueue(_ context.Context, d openwork.Delivery) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.deliveries = append(q.deliveries, d)
	return nil
}

func (q *keepingQueue) all() []openwork.Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.deliveries)
}

// The events that WeCom makes for the suite, and for nobody else.
var suiteEvents = []string{"suite_ticket", "create_auth", "change_auth", "cancel_auth", "reset_permanent_code"}

func TestO5_EventsOfTheSuite(t *testing.T) {
	t.Parallel()
	fields := func(corpID string, more ...string) []string {
		pairs := []string{"TimeStamp", "1700000001", "AuthCode", "forged-code", "SuiteTicket", "forged-ticket"}
		if corpID != "" {
			pairs = append(pairs, "AuthCorpId", corpID)
		}
		return append(pairs, more...)
	}
	for _, name := range suiteEvents {
		info := func(corpID string, more ...string) []string {
			return append([]string{"InfoType", name}, fields(corpID, more...)...)
		}
		event := func(corpID string, more ...string) []string {
			return append([]string{"MsgType", "event", "Event", name, "CreateTime", "1700000001", "FromUserName", "sys"},
				fields("", append([]string{"ToUserName", corpID}, more...)...)...)
		}
		ours := []string{"SuiteId", testSuiteID}
		for _, row := range []struct {
			what    string
			madeFor string
			pairs   []string
			status  int
			edits   edits
		}{
			{"for the suite", testSuiteID, info("", ours...), 200, nil},
			{"for nobody, app of an individual", "", info("", ours...), 200, edits{ofIndividual}},
			{"for nobody", "", info("", ours...), 403, nil},
			{"for a corp", testCorp, info(testCorp, ours...), 403, nil},
			{"for a corp, without SuiteId", testCorp, info(testCorp), 403, nil},
			{"for a corp, AllowCorp agrees to all", testCorp, info(testCorp, ours...), 403, edits{allowAll}},
			{"for a corp, no AllowCorp", testCorp, info(testCorp, ours...), 403, edits{func(cfg *openwork.Config) { cfg.AllowCorp = nil }}},
			{"for a corp of a customized app", testCorp, info(testCorp), 403, edits{withIDs("", testProvider)}},
			{"for the provider as a customer", testProvider, info(testProvider, ours...), 403, nil},
			{"for the provider, with ServiceCorpId", testProvider, info(testCorp, "ServiceCorpId", testProvider), 403, nil},
			{"for the provider, with both", testProvider, info(testCorp, append(ours, "ServiceCorpId", testProvider)...), 403, nil},
			{"for the provider of a system event URL", testProvider, info(testCorp, "ServiceCorpId", testProvider), 403, edits{withIDs("", testProvider)}},
			{"as an event, for a corp", testCorp, event(testCorp), 403, nil},
			{"as an event, for a corp of a customized app", testCorp, event(testCorp), 403, edits{withIDs("", testProvider)}},
			{"as an event, for the provider", testProvider, event(testProvider), 403, nil},
			{"of another suite", testSuiteID, info("", "SuiteId", otherSuite), 403, nil},
			{"and MsgType, for the suite", testSuiteID, info("", append(ours, "MsgType", "event", "Event", "click")...), 400, nil},
			{"and MsgType, for the provider", testProvider, info(testProvider, "MsgType", "text", "ToUserName", testProvider), 400, nil},
			{"and MsgType, for a corp", testCorp, info(testCorp, "MsgType", "text", "ToUserName", testCorp), 403, nil},
			{"and MsgType in front, for a corp", testCorp,
				append([]string{"ToUserName", testCorp, "MsgType", "text"}, info(testCorp)...), 403, nil},
			{"and MsgType, for nobody", "", info("", append(ours, "MsgType", "text")...), 403, edits{ofIndividual}},
			{"and MsgType, for a stranger", strangerCorp, info(strangerCorp, "MsgType", "text", "ToUserName", strangerCorp), 403, nil},
		} {
			for form, write := range bothForms {
				t.Run(name+" "+row.what+", "+form, func(t *testing.T) {
					t.Parallel()
					s := newTenant(t, row.edits...)
					got := s.push(write(row.pairs...), row.madeFor)
					require.Equal(t, row.status, got.status, got.log)
					if row.status != 200 {
						require.Empty(t, got.ran)
						_, err := s.Tickets().Ticket(t.Context(), testSuiteID)
						require.ErrorIs(t, err, openwork.ErrNoSuiteTicket)
						if row.status == 403 && strings.Contains(row.what, "MsgType") {
							require.Empty(t, got.asked, "AllowCorp was asked about what cannot be read")
						}
						return
					}
					require.Equal(t, []string{name}, got.ran)
					ticket, err := s.Tickets().Ticket(t.Context(), testSuiteID)
					require.Equal(t, name == "suite_ticket", err == nil)
					require.Equal(t, name == "suite_ticket", ticket.Value == "forged-ticket")
				})
			}
		}
	}
	// Two that are unlike each other in one document, and each of the two empty.
	for what, pairs := range map[string][]string{
		"a message and an event":      {"MsgType", "text", "InfoType", "change_contact"},
		"an event and an event":       {"MsgType", "event", "Event", "change_contact", "InfoType", "change_contact"},
		"in other cases":              {"msgtype", "text", "INFOTYPE", "change_contact"},
		"an event and a cancel_auth":  {"MsgType", "event", "Event", "click", "InfoType", "cancel_auth"},
		"blanks around the InfoType":  {"MsgType", "text", "InfoType", " cancel_auth "},
		"an InfoType that is unknown": {"MsgType", "text", "InfoType", "unheard_of"},
	} {
		for form, write := range bothForms {
			t.Run(what+", "+form, func(t *testing.T) {
				t.Parallel()
				for madeFor, status := range map[string]int{testSuiteID: 400, testProvider: 400, testCorp: 403, strangerCorp: 403} {
					got := newTenant(t).push(write(append(pairs, "ToUserName", madeFor, "AuthCorpId", madeFor)...), madeFor)
					require.Equal(t, status, got.status, got.log)
					require.Empty(t, got.asked)
				}
			})
		}
	}
}

// What is made for nobody is the corp's that it names, if AllowCorp agrees.
func TestO9_MadeForNobody(t *testing.T) {
	t.Parallel()
	broken := func(cfg *openwork.Config) {
		cfg.AllowCorp = func(context.Context, string) (bool, error) { return false, errors.New("the database is away") }
	}
	message := []string{"MsgType", "text", "FromUserName", "zhangsan", "CreateTime", "1700000000", "MsgId", "1", "AgentID", "2"}
	named := func(pairs ...string) []string { return append(slices.Clone(message), pairs...) }
	info := func(pairs ...string) []string {
		return append([]string{"InfoType", "change_contact", "TimeStamp", "1700000000"}, pairs...)
	}
	for _, row := range []struct {
		name   string
		pairs  []string
		status int
		corp   string
		asked  string
		edits  edits
	}{
		{"a message of a corp that AllowCorp knows", named("ToUserName", testCorp), 200, testCorp, testCorp, nil},
		{"a message of a corp that AllowCorp refuses", named("ToUserName", strangerCorp), 403, "", strangerCorp, nil},
		{"a message of a corp, no AllowCorp", named("ToUserName", strangerCorp), 200, strangerCorp, "",
			edits{func(cfg *openwork.Config) { cfg.AllowCorp = nil }}},
		{"a message of a corp, the look-up fails", named("ToUserName", testCorp), 500, "", testCorp, edits{broken}},
		{"an event of a corp that AllowCorp knows", info("AuthCorpId", testCorp), 200, testCorp, testCorp, nil},
		{"an event of a corp that AllowCorp refuses", info("AuthCorpId", strangerCorp), 403, "", strangerCorp, nil},
		{"an order of a corp that AllowCorp refuses", info("PaidCorpId", strangerCorp), 403, "", strangerCorp, nil},
		{"a cancel_auth of a corp that AllowCorp refuses", []string{"InfoType", "cancel_auth", "SuiteId", testSuiteID,
			"AuthCorpId", strangerCorp, "TimeStamp", "1700000000"}, 403, "", strangerCorp, nil},
		{"a message that names two, the first known", named("ToUserName", testCorp, "AuthCorpId", strangerCorp), 403, "", "", nil},
		{"a message that names two, the second known", named("ToUserName", strangerCorp, "AuthCorpId", testCorp), 403, "", "", nil},
		{"an event that names two", info("AuthCorpId", testCorp, "PaidCorpId", strangerCorp), 403, "", "", nil},
		{"an event that names two by ToUserName", info("AuthCorpId", testCorp, "ToUserName", strangerCorp), 403, "", "", nil},
		{"an event that names one twice", info("AuthCorpId", testCorp, "PaidCorpId", testCorp), 200, testCorp, testCorp, nil},
		{"a ticket, which names nobody", []string{"InfoType", "suite_ticket", "SuiteId", testSuiteID, "SuiteTicket", "t",
			"TimeStamp", "1700000000"}, 200, "", "", nil},
		{"a message of another suite", named("ToUserName", testCorp, "SuiteId", otherSuite), 403, "", "", nil},
		{"without the option", named("ToUserName", testCorp), 403, "", "", edits{func(cfg *openwork.Config) { cfg.AllowEmptyReceiveID = false }}},
	} {
		for form, write := range bothForms {
			t.Run(row.name+", "+form, func(t *testing.T) {
				t.Parallel()
				got := newTenant(t, append(edits{ofIndividual}, row.edits...)...).push(write(row.pairs...), "")
				require.Equal(t, row.status, got.status, got.log)
				require.Equal(t, row.asked, strings.Join(got.asked, " "))
				if row.status == 200 {
					require.Equal(t, row.corp, got.msg.CorpID)
				}
			})
		}
	}
}

// Only messages are known by their MsgId.
func TestO10_EventWithTheMsgIdOfAMessage(t *testing.T) {
	t.Parallel()
	const id = "4561255354251345929" // of textMessage
	click := func(pairs ...string) string {
		return document(append([]string{"ToUserName", testCorp, "FromUserName", "zhangsan", "CreateTime", "1700000000",
			"MsgType", "event", "Event", "click", "EventKey", "menu", "AgentID", "218"}, pairs...)...)
	}
	for name, texts := range map[string][]string{
		"message, then event":         {textMessage("hello"), click("MsgId", id)},
		"event, then message":         {click("MsgId", id), textMessage("hello")},
		"two events":                  {click("MsgId", id), click("MsgId", id, "Extra", "1")},
		"event and command":           {click("MsgId", id), document("InfoType", "change_contact", "AuthCorpId", testCorp, "MsgId", id)},
		"two commands":                {document("InfoType", "change_contact", "AuthCorpId", testCorp, "MsgId", id), document("InfoType", "change_contact", "AuthCorpId", testCorp, "MsgId", id, "UserID", "1")},
		"two members":                 {textMessage("hello"), strings.Replace(textMessage("hello"), "zhangsan", "lisi", 1)},
		"two apps":                    {textMessage("hello"), strings.Replace(textMessage("hello"), "218", "219", 1)},
		"a member with a colon":       {strings.NewReplacer("218", "1", "zhangsan", "2:a").Replace(textMessage("x")), strings.NewReplacer("218", "1:2", "zhangsan", "a").Replace(textMessage("x"))},
		"a MsgId with a colon":        {strings.NewReplacer(id, "1", "218", "2:3").Replace(textMessage("x")), strings.NewReplacer(id, "1:2", "218", "3").Replace(textMessage("x"))},
		"an event with a copy behind": {textMessage("hello"), click("MsgId", id), textMessage("hello")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTenant(t)
			for i, text := range texts {
				got := s.push(text, testCorp)
				if strings.Contains(name, "colon") && got.status == 403 {
					return // no WeCom writes that, and it may be refused
				}
				require.Equal(t, 200, got.status, got.log)
				require.Equal(t, i < 2, got.msg != nil, "push %d", i)
			}
		})
	}
}

// carrier is a push that holds what a member or a customer wrote. By the
// protocol, none of it is escaped.
type carrier struct {
	name    string
	madeFor string
	write   func(words string) string
	end     string // what closes the value and all around it
	again   string // what opens them again
	json    bool
	edits   edits
}

// carriers are pushes of every channel.
var carriers = []carrier{
	{name: "a member's message", madeFor: testCorp, write: textMessage, end: "]]></Content>", again: "<Content><![CDATA["},
	{name: "a member's message in text", madeFor: testCorp, end: "</Content>", again: "<Content>", write: func(words string) string {
		return strings.NewReplacer("<Content><![CDATA[", "<Content>", "]]></Content>", "</Content>").Replace(textMessage(words))
	}},
	{name: "a member's message, the head behind it", madeFor: testCorp, end: "]]></Content>", again: "<Content><![CDATA[", write: func(words string) string {
		return document("Content", words, "MsgId", "4561255354251345929", "AgentID", "218", "MsgType", "text",
			"CreateTime", "1700000000", "FromUserName", "zhangsan", "ToUserName", testCorp)
	}},
	{name: "a QR code", madeFor: testCorp, end: "]]></ScanResult></ScanCodeInfo>", again: "<ScanCodeInfo><ScanResult><![CDATA[", write: func(words string) string {
		return strings.Replace(dataEvent("scancode_push", "EventKey", "k", "AgentID", "218"), "</xml>",
			"<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA["+words+"]]></ScanResult></ScanCodeInfo></xml>", 1)
	}},
	{name: "a member of the provider's own corp", madeFor: testProvider, end: "]]></Content>", again: "<Content><![CDATA[", write: func(words string) string {
		return strings.Replace(textMessage(words), testCorp, testProvider, 1)
	}},
	{name: "a message to the app of an individual", end: "]]></Content>", again: "<Content><![CDATA[", write: textMessage, edits: edits{ofIndividual}},
	{name: "a name in a customer's address book", madeFor: testSuiteID, end: "]]></Name>", again: "<Name><![CDATA[", write: func(words string) string {
		return command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan", "Name", words, "AgentID", "218")
	}},
	{name: "a name in a customer's address book, data URL", madeFor: testCorp, end: "]]></Name>", again: "<Name><![CDATA[", write: func(words string) string {
		return dataEvent("change_contact", "ChangeType", "create_user", "UserID", "zhangsan", "Name", words, "AgentID", "218")
	}},
	{name: "a member's message in JSON", madeFor: testCorp, json: true, end: `",`, again: `,"Content":"`, write: func(words string) string {
		return `{"ToUserName":"` + testCorp + `","FromUserName":"zhangsan","CreateTime":1700000000,"MsgType":"text","Content":"` + words +
			`","MsgId":4561255354251345929,"AgentID":218}`
	}},
	{name: "a name in JSON", madeFor: testSuiteID, json: true, end: `",`, again: `,"Name":"`, write: func(words string) string {
		return `{"SuiteId":"` + testSuiteID + `","AuthCorpId":"` + testCorp + `","InfoType":"change_contact","ChangeType":"create_user",` +
			`"TimeStamp":1700000000,"UserID":"zhangsan","Name":"` + words + `"}`
	}},
}

// add is the carrier with elements that the words add; name and value in turn.
func (c carrier) add(pairs ...string) string {
	return c.write("hello" + c.end + c.elements(pairs...) + c.again)
}

func (c carrier) elements(pairs ...string) string {
	if c.json {
		return strings.Trim(jsonDocument(pairs...), "{}")
	}
	text := ""
	for i := 0; i < len(pairs); i += 2 {
		text += "<" + pairs[i] + ">" + pairs[i+1] + "</" + pairs[i] + ">"
	}
	return text
}

func (c carrier) has(name string) bool {
	text := c.write("")
	return strings.Contains(text, "<"+name+">") || strings.Contains(text, `"`+name+`":`)
}

// identity is what nobody's words may change.
type identity struct {
	name, channel, app, corp, receiveID, agent, msgID string
	at                                                time.Time
}

func (p pushed) identity() identity {
	return identity{p.msg.Name(), p.channel, p.msg.App, p.msg.CorpID, p.msg.ReceiveID, p.msg.AgentID, p.msg.Get("MsgId"), p.msg.Time}
}

// openCarrier is a Server that got the carrier's push once, with nothing to object
// to.
type openCarrier struct {
	*tenant
	carrier
	honest pushed
}

func (c carrier) open(t *testing.T) *openCarrier {
	s := &openCarrier{tenant: newTenant(t, append(c.edits, func(cfg *openwork.Config) { cfg.NoDedupe, cfg.Logger = true, silent })...), carrier: c}
	s.honest = s.push(c.write("honest"), c.madeFor)
	require.Equal(t, 200, s.honest.status)
	return s
}

// requireOwn checks that a push is refused, or is what it would be without
// the words.
func (s *openCarrier) requireOwn(text string) (refused bool) {
	t := s.tenant.t
	t.Helper()
	got := s.push(text, s.madeFor)
	require.Empty(t, got.ran, "a handler of authorisation events ran: %s", text)
	_, err := s.Tickets().Ticket(t.Context(), testSuiteID)
	require.ErrorIs(t, err, openwork.ErrNoSuiteTicket, text)
	if got.status == 400 || got.status == 403 {
		return true
	}
	require.Equal(t, 200, got.status, text)
	want, is := s.honest.identity(), got.identity()
	if _, second, _ := strings.Cut(want.name, "."); second == "" { // a ChangeType may make an event of its own more particular
		is.name, _, _ = strings.Cut(is.name, ".")
	}
	if want.agent == "" { // what the push does not have may be added, and is not more than a field
		is.agent = ""
	}
	if want.msgID == "" {
		is.msgID = ""
	}
	require.Equal(t, want, is, text)
	require.Equal(t, s.honest.asked, got.asked, "AllowCorp was asked about another: %s", text)
	return false
}

var headFields = []string{"SuiteId", "AuthCorpId", "ServiceCorpId", "PaidCorpId", "InfoType", "ChangeType", "TimeStamp", "ToUserName",
	"FromUserName", "CreateTime", "MsgType", "Event", "AgentID"}

// Words that close their value and add any element, with any value, change
// neither the channel nor the corp, the app nor the identity of the push.
func TestU2_WordsThatAddElements(t *testing.T) {
	t.Parallel()
	values := []string{"", "1", "text", "event", "click", "change_contact", "change_app_admin", testCorp, strangerCorp, testProvider,
		testSuiteID, otherSuite, "zhangsan", "lisi", "218", "1700000000", "1800000000", "4561255354251345929", "create_user"}
	values = append(values, suiteEvents...)
	names := append(slices.Clone(headFields), "MsgId", "AgentId", "AuthCode", "SuiteTicket", "CorpId", "Encrypt", "xml")
	for _, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.open(t)
			for _, name := range names {
				for _, value := range values {
					for _, spelling := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
						s.requireOwn(c.add(spelling, value))
					}
				}
			}
			if c.json {
				return
			}
			for _, name := range names {
				for _, form := range []string{
					"<%s><![CDATA[" + strangerCorp + "]]></%[1]s>", "<%s> \n" + strangerCorp + "\t</%[1]s>", "<%s><![CDATA[ cancel_auth ]]></%[1]s>",
					"<%s/>", "<%s><a>" + strangerCorp + "</a></%[1]s>", "<%s>&#x63;ancel_auth</%[1]s>", "<%s >cancel_auth</%[1]s >",
					"<a><%s>" + strangerCorp + "</%[1]s></a>", "<!-- --><%s>cancel_auth</%[1]s><!-- -->",
				} {
					s.requireOwn(c.write("hello" + c.end + fmt.Sprintf(form, name) + c.again))
				}
			}
		})
	}
}

// The whole forgery, as it was done: one message, several elements.
func TestU2_ForgedEventInWords(t *testing.T) {
	t.Parallel()
	for _, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.open(t)
			for _, name := range append(slices.Clone(suiteEvents), "change_contact", "license_pay_success", "unheard_of") {
				for _, corp := range []string{testCorp, strangerCorp, testProvider} {
					for _, more := range [][]string{
						nil, {"SuiteId", testSuiteID}, {"ServiceCorpId", testProvider}, {"SuiteId", testSuiteID, "ServiceCorpId", testProvider},
						{"PaidCorpId", corp}, {"ToUserName", corp},
					} {
						pairs := append([]string{"InfoType", name, "AuthCorpId", corp, "AuthCode", "forged", "SuiteTicket", "forged",
							"TimeStamp", "1700000001"}, more...)
						if refused := s.requireOwn(c.add(pairs...)); !refused {
							require.Fail(t, "a second kind of push was accepted", c.add(pairs...))
						}
					}
				}
				// The other form, in which an event has its name in Event.
				s.requireOwn(c.add("Event", name, "MsgType", "event", "AuthCorpId", strangerCorp))
				s.requireOwn(c.add("Event", name))
			}
		})
	}
}

// A head field that is there twice is refused, whatever it says.
func TestU2_HeadFieldsTwice(t *testing.T) {
	t.Parallel()
	for _, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status := http.StatusForbidden
			if c.madeFor == testSuiteID || c.madeFor == testProvider {
				status = http.StatusBadRequest
			}
			s := newTenant(t, c.edits...)
			honest := s.push(c.write("honest"), c.madeFor)
			require.Equal(t, 200, honest.status, honest.log)
			for _, name := range append(slices.Clone(headFields), "MsgId") {
				if !c.has(name) {
					continue
				}
				same := honest.msg.Get(name)
				for _, spelling := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
					for _, value := range []string{same, same + "0", ""} {
						if spelling != name && (name == "MsgId" || name == "AgentID") && value == same {
							continue // in another spelling, WeCom may have it so
						}
						got := s.push(c.add(spelling, value), c.madeFor)
						if name == "MsgId" || name == "AgentID" {
							require.True(t, got.status == status || spelling != name && value == "" && got.status == 200,
								"%s: %q: %d %s", spelling, value, got.status, got.log)
							continue
						}
						require.Equal(t, status, got.status, "%s: %q: %s", spelling, value, got.log)
						require.Empty(t, got.asked, "AllowCorp was asked about what cannot be read")
					}
				}
			}
		})
	}
}

// AgentID and AgentId: WeCom's pages differ, and some events have both.
func TestU2_AgentID(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		extra  string
		status int
	}{
		"AgentId of the same value":          {"<AgentId>218</AgentId>", 200},
		"AgentId of the same value in CDATA": {"<AgentId><![CDATA[218]]></AgentId>", 200},
		"AgentId of another value":           {"<AgentId>219</AgentId>", 403},
		"agentid of another value":           {"<agentid>219</agentid>", 403},
		"AGENTID of another value":           {"<AGENTID>219</AGENTID>", 403},
		"AgentID again":                      {"<AgentID>218</AgentID>", 403},
		"AgentID again, another value":       {"<AgentID>219</AgentID>", 403},
		"AgentID again, empty":               {"<AgentID/>", 403},
		"AgentId twice":                      {"<AgentId>218</AgentId><AgentId>218</AgentId>", 403},
		"MsgId again":                        {"<MsgId>4561255354251345929</MsgId>", 403},
		"MsgId again, another value":         {"<MsgId>1</MsgId>", 403},
		"MsgId again, in another spelling":   {"<MsgID>1</MsgID>", 403},
		"msgid of another value":             {"<msgid>1</msgid>", 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, text := range []string{
				strings.Replace(textMessage("hello"), "<Content>", row.extra+"<Content>", 1),
				strings.Replace(textMessage("hello"), "</xml>", row.extra+"</xml>", 1),
				strings.Replace(textMessage("hello"), "<xml>", "<xml>"+row.extra, 1),
			} {
				got := newTenant(t).push(text, testCorp)
				require.Equal(t, row.status, got.status, "%s\n%s", text, got.log)
				if row.status == 200 {
					require.Equal(t, "218", got.msg.AgentID)
					require.Equal(t, "4561255354251345929", got.msg.Get("MsgId"))
				}
			}
		})
	}
}

// Members cannot get the answer that was meant for another, nor take the turn
// of another's message.
func TestU2_MessageOfAnother(t *testing.T) {
	t.Parallel()
	const id = "4561255354251345929"
	victim := textMessage("my balance, please")
	c := carriers[0]
	honest := strings.NewReplacer("zhangsan", "lisi", id, "4561255354251345930").Replace(c.write("WORDS"))
	own := func(words string) string { return strings.Replace(honest, "WORDS", words, 1) } // of another member
	for name, words := range map[string]string{
		"MsgId":                  c.end + c.elements("MsgId", id) + c.again,
		"msgid":                  c.end + c.elements("msgid", id) + c.again,
		"MsgID":                  c.end + c.elements("MsgID", id) + c.again,
		"MsgId and FromUserName": c.end + c.elements("MsgId", id, "FromUserName", "zhangsan") + c.again,
		"FromUserName":           c.end + c.elements("FromUserName", "zhangsan") + c.again,
		"all of it":              c.end + "</xml>" + victim,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTenant(t)
			s.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				return openwork.Text("for " + msg.FromUserName), nil
			})
			opened := func(text string) string {
				w := s.do(newPush(text, toCorp).request())
				if w.Code != 200 {
					return ""
				}
				_, encrypt, _ := strings.Cut(w.Body.String(), "<Encrypt><![CDATA[")
				encrypt, _, _ = strings.Cut(encrypt, "]]>")
				reply, _ := refOpen(t, testKey, encrypt)
				return reply
			}
			require.NotContains(t, opened(own("before"+words)), "for zhangsan")
			require.Contains(t, opened(victim), "for zhangsan", "his turn was taken")
			require.NotContains(t, opened(own("after"+words)), "for zhangsan", "the answer went to another")
			require.Contains(t, opened(victim), "for zhangsan")
		})
	}
}
