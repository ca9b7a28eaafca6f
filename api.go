package openwork

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultBaseURL is where WeCom's API is.
const DefaultBaseURL = "https://qyapi.weixin.qq.com"

const (
	maxAnswer    = 1 << 20 // bytes of an answer that are read
	callTimeout  = 10 * time.Second
	callAttempts = 3
	firstBackoff = 100 * time.Millisecond
)

// APIError is an answer of WeCom's API with an errcode other than 0. It holds no secrets. See document/path/90313.
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

// isTokenError tells whether the token that was sent is no longer good, and another would be.
func isTokenError(err error) bool {
	switch errorCode(err) {
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

// newAPI takes the user's client, or makes one; redirects are never followed, since they would carry tokens elsewhere.
func newAPI(client *http.Client, baseURL string) (*api, error) {
	if baseURL == "" {
		baseURL = DefaultBaseURL
	}
	base, err := url.Parse(strings.TrimSuffix(baseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, errors.New("openwork: BaseURL is no http or https URL")
	}
	if client == nil {
		client = &http.Client{Timeout: callTimeout}
	}
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &api{client: &own, base: base}, nil
}

// call is one call of the API.
type call struct {
	method     string
	path       string
	query      url.Values
	body       any  // written as JSON, unless nil
	repeatable bool // a second call does no harm, even if the first was carried out and only its answer was lost
}

// do makes the call and reads its answer into out, unless that is nil. Calls that may be repeated are, while ctx lasts:
// three times in all, if WeCom is busy or cannot be reached.
func (a *api) do(ctx context.Context, c call, out any) error {
	op := opOf(c.path)
	var body []byte
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return fmt.Errorf("openwork: %s: %w", op, err)
		}
	}
	for attempt := 1; ; attempt++ {
		again, err := a.once(ctx, c, op, body, out)
		if err == nil || !again || !c.repeatable || attempt == callAttempts {
			return err
		}
		pause := firstBackoff << (2 * (attempt - 1))
		if !sleep(ctx, pause+jitter(pause)) {
			return err
		}
	}
}

// statusError is an answer that is none of the API's, but of something before it.
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

// once makes the call, and says of a failure whether another attempt may fare better.
func (a *api) once(ctx context.Context, c call, op string, body []byte, out any) (again bool, err error) {
	target := a.base.JoinPath(c.path)
	target.RawQuery = c.query.Encode()
	request, err := http.NewRequestWithContext(ctx, c.method, target.String(), bytes.NewReader(body))
	if err != nil {
		return false, fmt.Errorf("openwork: %s: bad request", op) // the error would show the URL, and the token in it
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	secrets := c.secrets(body)
	response, err := a.client.Do(request)
	if err != nil {
		return ctx.Err() == nil, fmt.Errorf("openwork: %s: %w", op, withoutURL(err, secrets))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode >= 500, &statusError{op, response.StatusCode}
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return ctx.Err() == nil, fmt.Errorf("openwork: %s: reading the answer: %w", op, withoutURL(err, secrets))
	case len(answer) > maxAnswer:
		return false, fmt.Errorf("openwork: %s: the answer is larger than %d bytes", op, maxAnswer)
	}
	if err := answerError(op, answer, secrets); err != nil {
		code := errorCode(err)
		return code == 0 || code == codeBusy || code == codeTooConcurrent, err
	}
	if out == nil {
		return false, nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return true, fmt.Errorf("openwork: %s: the answer has another shape than documented: %w", op, shapeOnly(err))
	}
	return false, nil
}

// answerError is what the answer says of itself; an absent errcode means success.
func answerError(op string, answer []byte, secrets []string) error {
	var head struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &head); err != nil {
		return fmt.Errorf("openwork: %s: the answer is not a JSON object", op)
	}
	if head.Code == 0 {
		return nil
	}
	e := &APIError{Op: op, Code: head.Code}
	var rest string
	e.Message, rest, _ = strings.Cut(without(secrets, head.Message), ", hint: ")
	e.Hint, _, _ = strings.Cut(rest, ", more info")
	return e
}

// secrets is everything in the call that must not come back in an error.
func (c *call) secrets(body []byte) []string {
	const short = 8 // words this short are no secrets, and would leave holes in the message
	var secrets []string
	add := func(name, value string) {
		for _, part := range []string{"token", "secret", "ticket", "code"} {
			if len(value) >= short && strings.Contains(name, part) {
				secrets = append(secrets, value)
				return
			}
		}
	}
	for name := range c.query {
		add(name, c.query.Get(name))
	}
	var fields map[string]any
	if json.Unmarshal(body, &fields) == nil {
		for name, value := range fields {
			if text, ok := value.(string); ok {
				add(name, text)
			}
		}
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may be the beginning of another
	return secrets
}

// withoutURL takes the URL out of net/http's error, since its query carries tokens; and whatever is left of them, if a
// transport of the user's has put the URL into its own error.
func withoutURL(err error, secrets []string) error {
	var wrapped *url.Error
	for errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if text := err.Error(); text != without(secrets, text) {
		return &censoredError{without(secrets, text), err}
	}
	return err
}

// censoredError is an error whose text had secrets in it. errors.Is finds what was inside; nothing shows it.
type censoredError struct {
	text   string
	inside error
}

func (e *censoredError) Error() string        { return e.text }
func (e *censoredError) Is(target error) bool { return errors.Is(e.inside, target) }

// without replaces secrets in a text, plain or as they stand in a URL.
func without(secrets []string, text string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "…")
		text = strings.ReplaceAll(text, url.QueryEscape(secret), "…")
	}
	return text
}

// shapeOnly is encoding/json's error without a value in it.
func shapeOnly(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s has type %s", wrong.Field, strings.Fields(wrong.Value)[0])
	}
	return errors.New("malformed JSON")
}

// retryWithNewToken calls with the source's token; if WeCom says that it is no longer good, it drops exactly that one
// and calls once more with the next.
func retryWithNewToken(ctx context.Context, source TokenSource, call func(token string) error) error {
	token, err := source.Token(ctx)
	if err != nil {
		return err
	}
	if err = call(token); !isTokenError(err) {
		return err
	}
	_ = source.Invalidate(ctx, token) // of the cache's errors the next fetch will tell
	if token, err = source.Token(ctx); err != nil {
		return err
	}
	return call(token)
}

// seconds is an expires_in: a number, or a number in a string; anything else counts as 0.
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
