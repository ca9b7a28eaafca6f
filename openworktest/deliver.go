package openworktest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/xmlread"
)

// Answer is what came back for a push, after the last attempt.
type Answer struct {
	Status   int           // of HTTP; 0 if no answer came
	Body     string        // as it was sent
	Took     time.Duration // the last attempt, until its answer or its end
	Attempts int           // 1 if the push was not repeated
	Verdict  Verdict
	Reply    *Reply  // the passive reply in Body, opened; nil if there is none
	Copy     *Answer // to the copy that PlatformConfig.Duplicates made; nil if it made none
}

// Verdict is what WeCom makes of the answer to a push.
type Verdict string

const (
	// Accepted: the first attempt was answered as documented. That is success
	// for pushes of the command, template and system event URL; success, an
	// empty body or a passive reply for those of the data URL, the last only
	// where WeCom takes one; and exactly the echo for the check of a URL.
	Accepted Verdict = "accepted"

	// Repeated: a later attempt was.
	Repeated Verdict = "accepted after a repetition"

	// ShownAsError: another status or body. WeCom shows it to the customer's
	// administrator, or drops it, and does not repeat the push.
	ShownAsError Verdict = "shown as an error"

	// GivenUp: no attempt was answered in time, and there is no further one.
	GivenUp Verdict = "given up"
)

// WeCom's schedule: document/path/91116.
const (
	answerTime = 5 * time.Second // for the answer to a push
	urgentTime = time.Second     // to an event of an authorisation, and to the check of a URL
	tries      = 3               // in all, where the page promises any repetition
)

// delivery is a push on its way to a URL.
type delivery struct {
	callback *callback
	push     Push // but for what is new in each sealing
	corpID   string
	random   *rand.Rand
	limit    time.Duration // of an attempt
	tries    int
	judge    func(body string) (*Reply, bool) // of an answer with status 200
}

// newDelivery prepares a push of a plaintext. What is urgent, and which answer
// is right, follows from the plaintext: whoever pushes XML of his own gets the
// same.
func (c *callback) newDelivery(plaintext, receiveID, corpID, agentID string, takesSuccessOnly bool) *delivery {
	d := &delivery{callback: c, corpID: corpID, limit: answerTime, tries: tries,
		random: c.platform.random("push", c.id, c.platform.next("push", c.id)),
		push: Push{Method: http.MethodPost, Token: c.token, EncodingAESKey: c.key, Plaintext: plaintext, ReceiveID: receiveID,
			AgentID: agentID, Header: http.Header{"Content-Type": {"text/xml"}}}}
	what := describe(plaintext)
	if what.isUrgent() {
		d.limit, d.tries = urgentTime, 1
	}
	d.judge = func(body string) (*Reply, bool) {
		switch {
		case body == "success":
			return nil, true
		case takesSuccessOnly || what.infoType != "":
			return nil, false
		case body == "":
			return nil, true
		case !what.takesReply():
			return nil, false
		}
		reply, err := openReply(c.token, c.key, body)
		if err != nil || reply.ReceiveID != receiveID || reply.ToUserName != what.from || reply.FromUserName != what.to {
			return nil, false
		}
		return reply, true
	}
	return d
}

// newCheck prepares the check of a URL, as the console makes it when the URL
// is saved.
func (c *callback) newCheck(receiveID, corpID string) *delivery {
	random := c.platform.random("check", c.id, c.platform.next("check", c.id))
	echo := digits(random, 19)
	return &delivery{callback: c, corpID: corpID, limit: urgentTime, tries: 1, random: random,
		push:  Push{Method: http.MethodGet, Token: c.token, EncodingAESKey: c.key, Plaintext: echo, ReceiveID: receiveID},
		judge: func(body string) (*Reply, bool) { return nil, body == echo }}
}

// run delivers the push, and its copy if there is to be one. No lock is held.
func (d *delivery) run(ctx context.Context) (Answer, error) {
	t, err := d.callback.target(d.corpID)
	if err != nil {
		return Answer{}, err
	}
	config := &d.callback.platform.config
	first := d.seal(d.random)
	if d.push.Method == http.MethodGet || d.random.Float64() >= config.Duplicates {
		return d.attempts(ctx, t, first, d.random)
	}
	var copied Answer
	var copyErr error
	random := rand.New(rand.NewPCG(d.random.Uint64(), d.random.Uint64()))
	deliverCopy := func() {
		second := first
		if config.Reencrypt {
			second = d.seal(random)
		}
		copied, copyErr = d.attempts(ctx, t, second, random)
	}
	ended := make(chan struct{})
	if config.Concurrency > 1 {
		go func() {
			defer close(ended)
			deliverCopy()
		}()
	}
	answer, err := d.attempts(ctx, t, first, d.random)
	if config.Concurrency > 1 {
		<-ended
	} else if err == nil {
		deliverCopy()
	}
	answer.Copy = &copied
	return answer, errors.Join(err, copyErr)
}

// attempts delivers a sealed push until it is answered, or WeCom gives it up.
// The error is that of ctx, or what a handler panicked with.
func (d *delivery) attempts(ctx context.Context, t target, sealed Push, random *rand.Rand) (answer Answer, err error) {
	config := &d.callback.platform.config
	for {
		answer = Answer{Attempts: answer.Attempts + 1}
		if err := pause(ctx, random, config.Delay); err != nil {
			return answer, err
		}
		if answer.Attempts > 1 && config.Reencrypt {
			sealed = d.seal(random)
		}
		began := time.Now()
		got, sendErr := t.send(ctx, sealed, d.limit)
		answer.Took = time.Since(began)
		if ctx.Err() != nil {
			return answer, ctx.Err()
		}
		var panicked *panicError
		if errors.As(sendErr, &panicked) {
			err = errors.Join(err, sendErr)
		}
		repeat := sendErr != nil
		if sendErr == nil {
			answer.Status, answer.Body = got.status, string(got.body)
			answer.Verdict = ShownAsError
			if got.status == http.StatusOK {
				reply, ok := d.judge(answer.Body)
				answer.Reply = reply
				switch {
				case ok && answer.Attempts > 1:
					answer.Verdict = Repeated
				case ok:
					answer.Verdict = Accepted
				}
				return answer, err
			}
			repeat = config.RepeatOnStatus
		}
		switch {
		case !repeat:
			return answer, err
		case answer.Attempts >= d.tries:
			answer.Verdict = GivenUp
			return answer, err
		}
	}
}

// seal encrypts and signs the push anew.
func (d *delivery) seal(random *rand.Rand) Push {
	p := d.push
	p.Random, p.Nonce = letters(random, prefixLen), digits(random, 10)
	p.Timestamp = unix(d.callback.platform.now())
	return p.Complete()
}

// unix is a time as WeCom writes it.
func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// pause waits a random time below most.
func pause(ctx context.Context, random *rand.Rand, most time.Duration) error {
	if most <= 0 {
		return ctx.Err()
	}
	return sleep(ctx, time.Duration(random.Int64N(int64(most))))
}

// sleep waits, or ends with ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// description is what of a plaintext decides how it is delivered.
type description struct{ infoType, msgType, event, changeType, from, to string }

// describe reads as much of a plaintext as there is to read.
func describe(plaintext string) (d description) {
	doc, err := xmlread.Parse(plaintext, 16)
	if err != nil {
		return d
	}
	for name, value := range map[string]*string{"InfoType": &d.infoType, "MsgType": &d.msgType, "Event": &d.event,
		"ChangeType": &d.changeType, "FromUserName": &d.from, "ToUserName": &d.to} {
		inner, _ := doc.Find(name)
		*value = strings.TrimSpace(xmlread.Text(inner))
	}
	return d
}

// isUrgent tells the pushes for which WeCom waits 1000 ms and promises no
// repetition: documents 100964, 94758, 96103, 97214 to 97216.
func (d description) isUrgent() bool {
	return d.isAuth() || strings.HasPrefix(d.infoType, "device_") || strings.HasPrefix(d.event, "device_")
}

// isAuth tells the events of an authorisation.
func (d description) isAuth() bool {
	switch d.infoType {
	case event.NameCreateAuth, event.NameChangeAuth, event.NameCancelAuth, event.NameResetPermanentCode:
		return true
	}
	return false
}

// repliedTo are the events that take a passive reply: documents 90377, 95716.
var repliedTo = []string{event.NameSubscribe, event.NameEnterAgent, event.NameLocation, event.NameClick, event.NameView,
	event.NameViewMiniprogram, event.NameScancodeWaitmsg, event.NameTemplateCardEvent, event.NameTemplateCardMenuEvent,
	event.NameUnlicensedNotify}

// takesReply tells whether WeCom looks at a passive reply: to messages, to the
// events that it lists, and to those that nobody knows yet.
func (d description) takesReply() bool {
	if d.msgType != "event" {
		return d.msgType != ""
	}
	name := d.event
	if d.changeType != "" {
		name += "." + d.changeType
	}
	return slices.Contains(repliedTo, d.event) || event.New(name) == nil
}
