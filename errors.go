package openwork

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// Why a push was not handled. Test for them with errors.Is; what Serve returns is a *RefusedError that says more, but for
// ErrReplyNotAllowed.
var (
	// ErrMethod: the request is neither a GET nor a POST. Answered with 405.
	ErrMethod = errors.New("method not allowed")
	// ErrMalformed: the query, the envelope or the decrypted message has a shape that WeCom does not send. Answered
	// with 400.
	ErrMalformed = errors.New("malformed request")
	// ErrEncoding: the body carries a Content-Encoding. Answered with 415.
	ErrEncoding = errors.New("content encoding not supported")
	// ErrTooLarge: the body exceeds Config.MaxBodyBytes. Answered with 413.
	ErrTooLarge = errors.New("body too large")
	// ErrTimeout: the body did not arrive in time. Answered with 408.
	ErrTimeout = errors.New("body not received in time")
	// ErrSignature: the signature was not made with the Token. Answered with 403.
	ErrSignature = errors.New("signature does not match")
	// ErrStale: the signature is right, but for a time too far from now. Answered with 403.
	ErrStale = errors.New("timestamp outside the accepted window")
	// ErrDecrypt: the ciphertext was not made with the EncodingAESKey. Answered with 403.
	ErrDecrypt = errors.New("ciphertext does not decrypt")
	// ErrReceiveID: the push was made for another app or corp, or names another
	// corp than it comes from. Answered with 403. What can't be told from a
	// wrong key matches ErrDecrypt too.
	ErrReceiveID = errors.New("receive id does not match")
	// ErrOverloaded: as many pushes as Config.MaxInFlight allows are being
	// handled, the queue is full, or strangers' bodies take all the memory that
	// they may. Answered with 503.
	ErrOverloaded = errors.New("too many pushes in flight")
	// ErrReplyNotAllowed: a handler replied to a push that WeCom takes no reply to. Answered with 500.
	ErrReplyNotAllowed = errors.New("this push takes no reply but success")
)

// Why there is no suite_ticket. Test for them with errors.Is.
var (
	// ErrNoSuiteTicket: none has been received yet. WeCom pushes one every ten minutes to the command URL of an app
	// whose callback it could verify; the app's page in the provider console can push one by hand.
	ErrNoSuiteTicket = errors.New("no suite_ticket yet: WeCom pushes one every 10 minutes, or by hand from the provider console")
	// ErrSuiteTicketExpired: the newest is older than 30 minutes, so pushes have stopped arriving.
	ErrSuiteTicketExpired = errors.New("suite_ticket expired: pushes have not arrived for 30 minutes")
)

// ErrUnknownEvent: package event has no struct for the push. It is handled all the same.
var ErrUnknownEvent = errors.New("event not in the catalogue")

// ErrAuthorizationRevoked: a corp has cancelled the authorisation, or its permanent code is no longer the one at hand
// (errcode 40084, 48004, 301007 or 2000002 on a corp's call). The *APIError is in the chain too.
var ErrAuthorizationRevoked = errors.New("authorisation revoked")

// RefusedError says why a push was refused, for the operator who has to put it right. It holds nothing secret and may
// be logged whole; the sender is told nothing but a status. errors.Is finds the sentinel behind it.
type RefusedError struct {
	Check  Check         // what was checked
	Method string        // of the request; "other" if it is none of HTTP's own, "" in a queue worker
	Got    string        // what came, as far as it is no secret
	Want   []string      // what would have been accepted, where that is a short list
	Skew   time.Duration // our clock minus the request's timestamp, once the signature was found right

	reason error
}

func refused(reason error, check Check, got string, want ...string) *RefusedError {
	return &RefusedError{Check: check, Got: got, Want: want, reason: reason}
}

// Error names the check and what came.
func (e *RefusedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "openwork: %s refused: %s: %v", cmp.Or(e.Method, "delivery"), e.Check, e.reason)
	if e.Got != "" {
		fmt.Fprintf(&b, ": got %s", e.Got)
	}
	if len(e.Want) > 0 {
		fmt.Fprintf(&b, ", want %s", strings.Join(e.Want, " or "))
	}
	if e.Skew != 0 {
		fmt.Fprintf(&b, ", our clock minus theirs %v", e.Skew.Round(time.Second))
	}
	return b.String()
}

// Unwrap is the sentinel.
func (e *RefusedError) Unwrap() error { return e.reason }

// errNotForUs is the one answer to all that did not turn out to be made for us:
// whether the padding was right, or only the receive id was wrong, would be
// enough for one who knows the Token to read what he has captured.
var errNotForUs = fmt.Errorf("%w, or %w", ErrDecrypt, ErrReceiveID)

// advice is what an operator can do about it, in plain words.
func (e *RefusedError) advice() string {
	switch e.Check {
	case CheckSignature:
		return "Token is not the callback Token of this URL in the console (it is no access token), or a proxy changed the query or the body"
	case CheckTimestamp:
		return "the signature is right: compare this host's clock with the time (NTP); a push replayed later looks the same"
	case CheckDecrypt:
		return "Token is right. Is EncodingAESKey the one beside it in the console? Are SuiteID and ProviderCorpID right? " +
			"Only an app owned by an individual needs AllowEmptyReceiveID. If all this is right, someone who knows Token altered a push"
	case CheckEcho:
		return "a push was sent as a URL check, maybe to have it decrypted: it is no check of the console's"
	case CheckReceiveID:
		if e.Method == http.MethodGet {
			return "Token and EncodingAESKey are right. If the id that came is the provider's own corpid, set Config.ProviderCorpID to it. " +
				"If it is a customer's, have Config.AllowCorp agree to it"
		}
		return "Token and EncodingAESKey are right, but the push was made for another app, template or corp: see SuiteID, ProviderCorpID and AllowCorp"
	case CheckCorp:
		return "a member may have written this to make the push look like another corp's; it was not handled"
	case CheckAllowCorp:
		return "Token and EncodingAESKey are right, but Config.AllowCorp said that this corp is not ours"
	case CheckSuiteID:
		if len(e.Want) == 0 {
			return "the push is made for an app or template: set Config.SuiteID to its id"
		}
		return "Config.SuiteID is not the SuiteId of this push; or another app uses the same Token and EncodingAESKey: then give each its own Server and pair"
	case CheckProvider:
		return "a push with ServiceCorpId comes from the system event URL: set Config.ProviderCorpID to the provider's own corpid"
	case CheckMethod:
		return "WeCom checks the URL with GET, for Serve to answer, and pushes with POST"
	case CheckEncoding:
		return "WeCom does not compress; a proxy in between does"
	case CheckBody:
		return "the network or a proxy in between is slow or broken"
	case CheckMessage:
		return "Token and EncodingAESKey are right, so it was written like this by who has them, and is not what WeCom documents"
	case CheckBodies:
		return "many large bodies arrive at once whose signature is not known yet; WeCom's are small: who sends them?"
	case CheckLate:
		return "handlers of authorisation events take much more than a second: set Config.Queue, or let them do less"
	case CheckResolve:
		return "no added Server has the Token of this check. It names no corp, so Resolve is not asked: Add the Server to the Mux before the URL is saved"
	case CheckEnvelope:
		if e.Got == noBytes {
			return "a middleware has read the body before: put this handler in front of it, or have it put the body back into Request.Body"
		}
		return "the signature aside, this is not what WeCom sends; a proxy may have cut or rewritten the body"
	case CheckQueue:
		return "the queue is full: its workers are slow or failing, or it is too small"
	case CheckTicket:
		return "WeCom sends up to 512 bytes; the push was not stored"
	case CheckQuery:
		return "not a request of WeCom's, or a proxy rewrote the query (a + in echostr must stay %2B)"
	case CheckAge:
		return "the signed message is older than MaxAge: a retry from long ago, or a replay"
	case CheckSize:
		return "raise MaxBodyBytes if WeCom sends this much"
	case CheckOverload:
		return "handlers are slow or pushes many: answer first and work later, or raise MaxInFlight"
	}
	return ""
}

// Check names what a push was refused for. Its values are few, and may be
// labels of a metric.
type Check string

// The checks, in the order they are made.
const (
	CheckMethod    Check = "method"           // neither GET nor POST
	CheckQuery     Check = "query"            // the signed parameters are missing, twice, or have another shape
	CheckEncoding  Check = "content encoding" // the body is compressed
	CheckSize      Check = "size"             // the body is larger than Config.MaxBodyBytes
	CheckBodies    Check = "bodies"           // the bodies of strangers take all the memory that they may
	CheckBody      Check = "body"             // the body did not arrive whole, or not in time
	CheckEnvelope  Check = "envelope"         // the body is not what WeCom sends
	CheckSignature Check = "signature"        // not signed with our Token
	CheckTimestamp Check = "timestamp"        // signed too long ago, or in the future
	CheckOverload  Check = "in flight"        // as many pushes as Config.MaxInFlight are being handled
	CheckDecrypt   Check = "decryption"       // not encrypted with our key, or not for us; which of the two, nobody is told
	CheckEcho      Check = "echo"             // a URL check that holds something else
	CheckMessage   Check = "message"          // the decrypted message can't be read
	CheckSuiteID   Check = "suite id"         // it is of another app
	CheckProvider  Check = "ServiceCorpId"    // it is of another provider, or of none
	CheckReceiveID Check = "receive id"       // it was made for somebody else than it says
	CheckCorp      Check = "corp"             // it names another corp than it comes from
	CheckAllowCorp Check = "AllowCorp"        // Config.AllowCorp said no
	CheckAge       Check = "age"              // older than Config.MaxAge
	CheckTicket    Check = "suite_ticket"     // the ticket is empty or far too long
	CheckQueue     Check = "queue"            // the queue is full
	CheckLate      Check = "late handlers"    // too many handlers go on after the answer
	CheckResolve   Check = "resolve"          // only a Server of Mux.Resolve could answer this URL check
)

// StatusCode is the HTTP status to answer err with: 200 for nil, 4xx and 503 for a push that was refused, 500 for
// everything else, the errors of handlers among it.
func StatusCode(err error) int {
	var failed *handlerError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &failed):
		return http.StatusInternalServerError
	case errors.Is(err, ErrMalformed):
		return http.StatusBadRequest
	case errors.Is(err, ErrSignature), errors.Is(err, ErrStale), errors.Is(err, ErrDecrypt), errors.Is(err, ErrReceiveID):
		return http.StatusForbidden
	case errors.Is(err, ErrUnknownApp):
		return http.StatusNotFound
	case errors.Is(err, ErrMethod):
		return http.StatusMethodNotAllowed
	case errors.Is(err, ErrTimeout):
		return http.StatusRequestTimeout
	case errors.Is(err, ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrEncoding):
		return http.StatusUnsupportedMediaType
	case errors.Is(err, ErrOverloaded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// refusal is the RefusedError in err; nil if err came of a handler, whatever that got it from.
func refusal(err error) *RefusedError {
	var failed *handlerError
	var why *RefusedError
	if errors.As(err, &failed) || !errors.As(err, &why) || why.reason == nil {
		return nil
	}
	return why
}

// ErrorResponse is the answer to a push that Serve returned err for: the status of StatusCode, the headers that go with
// it (Allow; Connection: close where the body was not read) and an empty body, since WeCom shows a body to the
// customer's administrator. err must not be nil.
func ErrorResponse(err error) *Response {
	resp := &Response{StatusCode: StatusCode(err), Header: http.Header{}}
	if resp.StatusCode == http.StatusMethodNotAllowed {
		allowed := []string{http.MethodGet, http.MethodPost}
		if why := refusal(err); why != nil {
			allowed = why.Want
		}
		resp.Header.Set("Allow", strings.Join(allowed, ", "))
	}
	if !bodyWasRead(err) {
		resp.Header.Set("Connection", "close") // rather than wait for it
	}
	return resp
}

func bodyWasRead(err error) bool {
	why := refusal(err)
	if why == nil {
		return true
	}
	switch why.Check {
	case CheckMethod, CheckQuery, CheckEncoding, CheckSize, CheckBodies, CheckBody:
		return false
	}
	return true
}

// handlerError is what came of code of the user: an error, or a panic. What is inside is no refusal of the push, whatever
// it says: a handler may have got it elsewhere.
type handlerError struct {
	err   error
	stack []byte // of a panic
}

func (e *handlerError) Error() string { return "openwork: " + e.err.Error() }
func (e *handlerError) Unwrap() error { return e.err }

// ofUser is an error that came of code of the user: of a handler, a store, a callback.
func ofUser(what string, err error) error {
	failed := &handlerError{err: fmt.Errorf("%s: %w", what, err)}
	var crash *guard.Crash
	if errors.As(err, &crash) {
		failed.stack = crash.Stack
	}
	return failed
}

// crashed is what came of a handler that did not return, given what recover
// said.
func crashed(recovered any) error { return ofUser("handler", guard.Crashed(recovered)) }

// methodOf is a request's method for logs and labels: anybody may invent others.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return r.Method
	}
	return "other"
}

// show makes text that came from outside fit for one line of a log.
func show(text string) string {
	const most = 64
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}
