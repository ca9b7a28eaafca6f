package openwork

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/openwork-go/openwork/internal/jsontext"
	"github.com/openwork-go/openwork/internal/redact"
)

// DefaultBaseURL is where WeCom's API is.
const DefaultBaseURL = "https://qyapi.weixin.qq.com"

// How many bytes of an answer are read.
const (
	mostTokenAnswer = 1 << 20  // where a token or code is asked for
	mostAnswer      = 32 << 20 // elsewhere, unless ClientConfig.MaxAnswerBytes says otherwise
)

const (
	callTimeout  = 10 * time.Second
	callAttempts = 3
	firstBackoff = 100 * time.Millisecond
)

// APIError is an answer of WeCom's API with an errcode other than 0. It holds
// no secrets. See document/path/90313.
type APIError struct {
	Op      string // the endpoint: "get_suite_token", "user/get"
	Code    int    // errcode
	Message string // errmsg, without the hint
	Hint    string // what WeCom's support asks for, and the address it saw: "[1700000000_123_abc…], from ip: 192.0.2.1"; may be empty
}

// Error names the endpoint, the code and the message.
func (e *APIError) Error() string {
	text := fmt.Sprintf("openwork: %s: errcode %d: %s", e.Op, e.Code, e.Message)
	if e.Hint != "" {
		text += ", hint: " + e.Hint
	}
	return text
}

// The codes that this package acts on.
const (
	codeBusy               = -1
	codeBadSecret          = 40001
	codeBadToken           = 40014
	codeTokenExpired       = 42001
	codeBadSuiteToken      = 40082
	codeSuiteTokenExpired  = 42009
	codeBadPermanentCode   = 40084
	codeBadSuiteTicket     = 40085
	codeLimited            = 45009
	codeTooConcurrent      = 45033
	codeAuthorizationGone  = 48004
	codeAuthorizationGone2 = 301007
	codeAddressNotAllowed  = 60020
	codeAuthorizationGone3 = 2000002
)

// errorCode is the errcode of an APIError, 0 for other errors.
func errorCode(err error) int {
	var api *APIError
	if !errors.As(err, &api) {
		return 0
	}
	return api.Code
}

// isTokenCode tells whether the token that was sent is no longer good, and
// another would be.
func isTokenCode(code int) bool {
	switch code {
	case codeBadToken, codeTokenExpired, codeBadSuiteToken, codeSuiteTokenExpired:
		return true
	}
	return false
}

// api calls WeCom.
type api struct {
	client *http.Client
	base   *url.URL
}

// newAPI takes the user's client, or makes one; redirects are never followed,
// since they would carry tokens elsewhere.
func newAPI(client *http.Client, baseURL string) (*api, error) {
	if baseURL == "" {
		baseURL = DefaultBaseURL
	}
	base, err := url.Parse(strings.TrimSuffix(baseURL, "/") + "/")
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, errors.New("openwork: BaseURL is no http or https URL")
	}
	if client == nil {
		client = &http.Client{Timeout: callTimeout, Transport: ownTransport()}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &api{client: &own, base: base}, nil
}

// mostConnections is how many connections there are to a host, in use or kept
// for the next call. http.DefaultTransport keeps two and opens any number.
const mostConnections = 64

// ownTransport is shared by all that have no HTTP client of their own, as
// http.DefaultTransport is, so that their connections are too.
var ownTransport = sync.OnceValue(func() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil // the program has put its own there
	}
	own := standard.Clone()
	own.MaxConnsPerHost, own.MaxIdleConnsPerHost = mostConnections, mostConnections
	return own
})

// call is one call of the API.
type call struct {
	method     string
	path       string
	query      url.Values
	body       any   // what to send, until prepare has made content of it
	most       int64 // bytes of the answer that are read; 0: mostTokenAnswer
	repeatable bool  // a second call does no harm, even if the first was carried out and only its answer was lost

	header      *http.Header // where to put that of an answer without an error; or nil
	content     []byte
	contentType string
}

// prepare checks the path, and turns body into what is sent, once: a reader can
// be read no more often.
func (c *call) prepare() error {
	if err := checkPath(c.path); err != nil {
		return err
	}
	if c.body == nil {
		return nil
	}
	var err error
	if c.content, c.contentType, err = encodeBody(c.body); err != nil {
		return fmt.Errorf("openwork: %s: %w", opOf(c.path), err)
	}
	c.body = nil
	return nil
}

// checkPath refuses what is more than a path: net/url would send a query as a
// part of the path, and a host could become another one. The errors show no
// query, since it may hold a token.
func checkPath(path string) error {
	path, _, hasQuery := strings.Cut(path, "?")
	switch {
	case !isPath(path):
		return errors.New("openwork: the path of a call is one like /cgi-bin/user/get: it begins with /, has letters, digits, " +
			"-, _ and . between slashes, and names no host, which is that of BaseURL")
	case hasQuery:
		return fmt.Errorf("openwork: %s: the path has a query: give it as the query of Get or Do", opOf(path))
	}
	return nil
}

func isPath(path string) bool {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return false
	}
	for segment := range strings.SplitSeq(rest, "/") {
		if !isName(strings.ReplaceAll(segment, ".", "")) {
			return false
		}
	}
	return true
}

// encodeBody is what to send for a value. A nil pointer, map or slice in an
// interface is no body, like nil.
func encodeBody(value any) (content []byte, contentType string, err error) {
	const typeJSON = "application/json; charset=utf-8"
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return nil, "", nil
		}
	}
	raw, isRaw := value.(json.RawMessage)
	reader, isReader := value.(io.Reader)
	_, writesItself := value.(json.Marshaler)
	switch {
	case isRaw:
		return raw, typeJSON, nil
	case isReader:
		if content, err = io.ReadAll(reader); err != nil {
			return nil, "", fmt.Errorf("reading the body: %w", err)
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 && !writesItself:
		content = v.Bytes()
	default:
		content, err = jsontext.Marshal(value)
		return content, typeJSON, err
	}
	if json.Valid(content) {
		return content, typeJSON, nil
	}
	return content, "application/octet-stream", nil
}

// do makes the call and reads its answer into out, unless that is nil. Calls
// that may be repeated are, while ctx lasts: three times in all, if WeCom is
// busy or cannot be reached.
func (a *api) do(ctx context.Context, c call, out any) error {
	if err := c.prepare(); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		again, err := a.once(ctx, &c, out)
		if err == nil || !again || !c.repeatable || attempt == callAttempts {
			return err
		}
		pause := firstBackoff << (2 * (attempt - 1))
		if !sleep(ctx, pause+jitter(pause)) {
			return err
		}
	}
}

// statusError is an answer that is none of the API's, but of something before
// it.
type statusError struct {
	op   string
	code int
}

func (e *statusError) Error() string {
	return fmt.Sprintf("openwork: %s: HTTP status %d", e.op, e.code)
}

// opOf is what errors call an endpoint: "get_suite_token", "user/get".
func opOf(path string) string {
	op := strings.TrimPrefix(path, "/cgi-bin/")
	return strings.TrimPrefix(strings.TrimPrefix(op, "service/"), "v2/")
}

// sleep reports false if ctx ends first, or would.
func sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// once makes the call, and says of a failure whether another attempt may fare
// better.
func (a *api) once(ctx context.Context, c *call, out any) (again bool, err error) {
	op, most := opOf(c.path), cmp.Or(c.most, mostTokenAnswer)
	// The URL is set afterwards, so that no error can show it, and a token in
	// it.
	request, err := http.NewRequestWithContext(ctx, c.method, a.base.String(), bytes.NewReader(c.content))
	if err != nil {
		return false, fmt.Errorf("openwork: %s: %w", op, err)
	}
	request.URL = a.base.JoinPath(c.path)
	request.URL.RawQuery = c.query.Encode()
	if len(c.content) > 0 {
		request.Header.Set("Content-Type", c.contentType)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return ctx.Err() == nil, fmt.Errorf("openwork: %s: %w", op, redact.Error(err, a.secrets(c)))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode >= 500, &statusError{op, response.StatusCode}
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return ctx.Err() == nil, fmt.Errorf("openwork: %s: reading the answer: %w", op, redact.Error(err, a.secrets(c)))
	case int64(len(answer)) > most && c.most != 0:
		return false, fmt.Errorf("openwork: %s: the answer is larger than %d bytes: raise ClientConfig.MaxAnswerBytes, "+
			"or read it with RoundTripper", op, most)
	case int64(len(answer)) > most:
		return false, fmt.Errorf("openwork: %s: the answer is larger than %d bytes", op, most)
	}
	answer = jsontext.Mend(answer)
	head, ok := headOf(answer)
	switch {
	case !ok:
		return true, fmt.Errorf("openwork: %s: the answer is not a JSON object", op)
	case head.Code != 0:
		return head.Code == codeBusy || head.Code == codeTooConcurrent, newAPIError(op, head, a.secrets(c))
	}
	if c.header != nil {
		*c.header = response.Header
	}
	if out == nil {
		return false, nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return true, fmt.Errorf("openwork: %s: the answer has another shape than documented: %w", op, shapeOnly(err))
	}
	return false, nil
}

// answerHead is what an answer says of itself. An absent errcode means success.
type answerHead struct {
	Code    int    `json:"errcode"`
	Message string `json:"errmsg"`
}

func headOf(answer []byte) (head answerHead, ok bool) {
	err := json.Unmarshal(answer, &head)
	return head, err == nil
}

func newAPIError(op string, head answerHead, secrets []string) *APIError {
	e := &APIError{Op: op, Code: head.Code}
	var rest string
	e.Message, rest, _ = strings.Cut(redact.Text(head.Message, secrets), ", hint: ")
	e.Hint, _, _ = strings.Cut(rest, ", more info")
	return e
}

// secrets is everything in the call that must not come back in an error, longer
// ones first: one may be the beginning of another.
func (a *api) secrets(c *call) []string {
	const short = 8 // words this short are no secrets, and would leave holes in the message
	var secrets []string
	if password, _ := a.base.User.Password(); password != "" {
		secrets = append(secrets, password)
	}
	var add func(name string, value any)
	add = func(name string, value any) {
		switch value := value.(type) {
		case string:
			if len(value) >= short && isSecret(name) {
				secrets = append(secrets, value)
			}
		case []any:
			for _, v := range value {
				add(name, v)
			}
		case map[string]any:
			for name, v := range value {
				add(name, v)
			}
		}
	}
	for name, values := range c.query {
		for _, value := range values {
			add(name, value)
		}
	}
	var body any
	if json.Unmarshal(c.content, &body) == nil {
		add("", body)
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return secrets
}

// isSecret tells by the name of a parameter or field what its value is.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"token", "secret", "ticket", "code", "key"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// checkEnds refuses an id or secret that was read with more than it is: WeCom
// would say that it is wrong, and nobody would see why.
func checkEnds(name, value string) error {
	isBlank := func(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' }
	if strings.TrimFunc(value, isBlank) != value {
		return fmt.Errorf("openwork: %s begins or ends with a blank, a line end or a byte order mark", name)
	}
	return nil
}

// shapeOnly is encoding/json's error without a value in it.
func shapeOnly(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s has type %s", wrong.Field, strings.Fields(wrong.Value)[0])
	}
	return errors.New("malformed JSON")
}

// retryWithNewToken calls with the source's token; if WeCom says that it is no
// longer good, it drops exactly that one and calls once more with the next.
func retryWithNewToken(ctx context.Context, source TokenSource, call func(token string) error) error {
	token, err := source.Token(ctx)
	if err != nil {
		return err
	}
	if err = call(token); !isTokenCode(errorCode(err)) {
		return err
	}
	_ = source.Invalidate(ctx, token) // of the cache's errors the next fetch will tell
	if token, err = source.Token(ctx); err != nil {
		return err
	}
	return call(token)
}

// seconds is an expires_in: a number, or a number in a string; anything else
// counts as 0.
type seconds int64

func (s *seconds) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	if err != nil {
		n = 0
	}
	const most = 1 << 30 // a time.Duration holds it
	*s = seconds(min(max(n, 0), most))
	return nil
}

func (s seconds) duration() time.Duration { return time.Duration(s) * time.Second }
