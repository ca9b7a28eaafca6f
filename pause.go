package openwork

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/internal/backoff"
)

// How long a call that failed is not repeated, by why it failed.
var (
	apiBusyPause = backoff.Policy{First: 2 * time.Second, Most: 2 * time.Minute}
	verdictPause = backoff.Policy{First: 2 * time.Second, Most: 5 * time.Minute}
	limitedPause = backoff.Policy{First: time.Minute, Most: time.Minute}
)

// pauseOwner is the owner of all pauses in a Claimer: whoever looks for one may
// also write it down.
const pauseOwner = "pause"

// scope is what a pause is about: key names whose calls, about what they are
// made with. With another secret or ticket there is no pause.
type scope struct{ key, about string }

func (s scope) claim() string {
	if s.about == "" {
		return s.key + ":pause"
	}
	return s.key + ":pause:" + s.about
}

// scopes are what the plan's call may be paused for: by itself, and with all
// calls of its endpoint.
func (c *CachedToken) scopes(plan fetchPlan) (own, all scope) {
	own = scope{c.key, plan.tag}
	if plan.about != nil {
		own.about += plan.about()
	}
	if plan.endpoint == "" {
		return own, own
	}
	return own, scope{key: "openwork:" + plan.endpoint}
}

// pausedHere is the error of a failure so recent that WeCom is not asked again.
func (c *CachedToken) pausedHere(plan fetchPlan) error {
	own, all := c.scopes(plan)
	if err, _ := c.pauses.Paused(own.key, own.about); err != nil {
		return err
	}
	err, _ := c.pauses.Paused(all.key, all.about)
	return err
}

// pausedElsewhere is the same for the failures of other replicas.
func (c *CachedToken) pausedElsewhere(ctx context.Context, plan fetchPlan) error {
	if c.claims == nil {
		return nil
	}
	own, all := c.scopes(plan)
	for _, s := range []scope{own, all} {
		if _, ended := c.pauses.Paused(s.key, s.about); ended {
			continue
		}
		state, result, err := c.stores.claim(ctx, s.claim(), pauseOwner, time.Second)
		switch {
		case err != nil:
			return nil // a Claimer that is away is not waited for twice
		case state == ClaimDone:
			failures, err := decodeFailure(result)
			c.pauses.Heard(s.key, s.about, failures)
			return err
		}
		if own == all {
			break
		}
	}
	return nil
}

// pause begins a pause after a call that failed; tell tells all replicas that
// would get the same answer.
func (c *CachedToken) pause(ctx context.Context, plan fetchPlan, failure error) (tell func()) {
	own, s := c.scopes(plan)
	policy, isShared := backoff.Policy{}, c.claims != nil
	var status *statusError
	switch code, op := errorOf(failure); {
	case plan.op != "" && op != plan.op: // of what lies below, which has a pause of its own
	case code == codeLimited:
		policy = limitedPause
	case code == codeBusy, code == codeTooConcurrent, errors.As(failure, &status) && status.code >= 500:
		if s = own; !c.once { // an exchange can wait for nothing: its code lives for minutes
			policy = apiBusyPause
		}
	case code != 0: // the address is that of this replica
		s, policy, isShared = own, verdictPause, isShared && code != codeAddressNotAllowed
	}
	if policy.First == 0 {
		return func() {}
	}
	lasts, failures := c.pauses.Failed(s.key, s.about, policy, failure)
	return func() {
		if !isShared {
			return
		}
		if _, _, err := c.stores.claim(ctx, s.claim(), pauseOwner, fetchLease); err == nil {
			_ = c.done(ctx, s.claim(), pauseOwner, encodeFailure(failures, failure), lasts)
		}
	}
}

// resume ends all pauses of the plan's call: it went well.
func (c *CachedToken) resume(plan fetchPlan) {
	own, all := c.scopes(plan)
	c.pauses.Succeeded(own.key)
	c.pauses.Succeeded(all.key)
}

// errorOf is the errcode of a failure, 0 if it has none, and the endpoint.
func errorOf(err error) (code int, op string) {
	var api *APIError
	var status *statusError
	switch {
	case errors.As(err, &api):
		return api.Code, api.Op
	case errors.As(err, &status):
		return 0, status.op
	}
	return 0, ""
}

// encodeFailure writes "<failures> <errcode> <text>", for the other replicas.
func encodeFailure(failures int, err error) string {
	text := err.Error()
	if api := (*APIError)(nil); errors.As(err, &api) {
		text = api.Op + " " + api.Message
	}
	return strconv.Itoa(failures) + " " + strconv.Itoa(errorCode(err)) + " " + text
}

// failureElsewhere is what another replica was told. How long ago is not known,
// so it is worth asking the Claimer again soon.
type failureElsewhere struct{ err error }

func (e *failureElsewhere) Error() string {
	return "openwork: in another replica: " + strings.TrimPrefix(e.err.Error(), "openwork: ")
}

func (e *failureElsewhere) Unwrap() error { return e.err }

func decodeFailure(text string) (failures int, err error) {
	first, text, _ := strings.Cut(text, " ")
	second, text, _ := strings.Cut(text, " ")
	failures, _ = strconv.Atoi(first)
	code, _ := strconv.Atoi(second)
	if code == 0 {
		return failures, &failureElsewhere{errors.New(text)}
	}
	op, message, _ := strings.Cut(text, " ")
	return failures, &failureElsewhere{&APIError{Op: op, Code: code, Message: message}}
}
