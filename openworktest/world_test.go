package openworktest_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest"
	"github.com/stretchr/testify/require"
)

// Refusals are what many of these tests are about; their log lines are noise.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m.Run()
}

// inBubble runs a test in fake time. A bubble that ends with a goroutine left
// over fails, so every such test also shows that the kit leaves none.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

// recorder is a receiver that keeps what comes, and answers with answer.
type recorder struct {
	answer http.HandlerFunc // nil: success

	mu   sync.Mutex
	seen []seenRequest
}

type seenRequest struct {
	at     time.Time
	method string
	path   string
	query  url.Values
	body   string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.seen = append(r.seen, seenRequest{time.Now(), req.Method, req.URL.Path, req.URL.Query(), string(body)})
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(w, req)
		return
	}
	_, _ = io.WriteString(w, "success")
}

func (r *recorder) all() []seenRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]seenRequest(nil), r.seen...)
}

// codeStore is the permanent codes in the app's database.
type codeStore struct {
	mu    sync.Mutex
	codes map[string]string
}

func (s *codeStore) put(corpID, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes == nil {
		s.codes = map[string]string{}
	}
	s.codes[corpID] = code
}

func (s *codeStore) get(_ context.Context, corpID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.codes[corpID], nil
}

// app is what a user of the library writes: it exchanges auth_codes and keeps
// the permanent codes.
type app struct {
	*openwork.Server
	clientConfig openwork.ClientConfig
	client       *openwork.Client
	codes        *codeStore

	mu      sync.Mutex
	handled []*openwork.Message
}

// newApp builds one for a suite, and has it get the pushes. It has had a
// suite_ticket.
func newApp(t *testing.T, suite *openworktest.Suite) *app {
	t.Helper()
	config := suite.Config()
	config.Logger = slog.New(slog.DiscardHandler)
	server, err := openwork.NewServer(config)
	require.NoError(t, err)
	a := &app{Server: server, codes: &codeStore{}}
	a.clientConfig = suite.ClientConfig(server.Tickets(), a.codes.get)
	a.clientConfig.Logger = config.Logger
	a.client, err = openwork.NewClient(a.clientConfig)
	require.NoError(t, err)
	exchange := func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		authorization, err := a.client.PermanentCode(msg.Context(), msg.Get("AuthCode"))
		if err != nil {
			return openwork.Success, err
		}
		a.codes.put(authorization.AuthCorpInfo.CorpID, authorization.PermanentCode)
		return next(msg)
	}
	server.HandleAuthCreated(exchange)
	server.HandleResetPermanentCode(exchange)
	server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		a.mu.Lock()
		a.handled = append(a.handled, msg)
		a.mu.Unlock()
		return next(msg)
	})
	suite.DeliverTo(server)
	requireAccepted(t)(suite.SendTicket(t.Context()))
	return a
}

// names are those of the pushes that reached a handler.
func (a *app) names() (names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, msg := range a.handled {
		names = append(names, msg.Name())
	}
	return names
}

func (a *app) last() *openwork.Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.handled[len(a.handled)-1]
}

// requireAccepted checks an answer: requireAccepted(t)(corp.Push(…)).
func requireAccepted(t *testing.T) func(openworktest.Answer, error) openworktest.Answer {
	return func(answer openworktest.Answer, err error) openworktest.Answer {
		t.Helper()
		require.NoError(t, err)
		require.Equal(t, openworktest.Accepted, answer.Verdict, "%+v", answer)
		return answer
	}
}

// call calls the API by hand: what it answers, whatever that is.
func (a *app) call(t *testing.T, method, pathAndQuery, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, openwork.DefaultBaseURL+pathAndQuery, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := a.clientConfig.HTTPClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var answer map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	return answer
}

// errcode is that of a GET; 0 for a success.
func errcode(t *testing.T, a *app, pathAndQuery string) int {
	t.Helper()
	code, _ := a.call(t, http.MethodGet, pathAndQuery, "")["errcode"].(float64)
	return int(code)
}

// install has a new corp install the app.
func install(t *testing.T, suite *openworktest.Suite) *openworktest.Corp {
	t.Helper()
	corp, answer, err := suite.Install(t.Context())
	requireAccepted(t)(answer, err)
	return corp
}

func body(text string) io.Reader { return strings.NewReader(text) }
