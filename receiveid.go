package openwork

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// receiver is for whom a push was made, by its receive id.
type receiver int

const (
	forNobody   receiver = iota // an app owned by an individual
	forSuite                    // Config.SuiteID
	forProvider                 // Config.ProviderCorpID
	forCorp                     // an id of the shape of a corpid; whose, is still to be seen
)

// shortestCorpID is how long a corpid is at least. A shorter one would be found
// by chance in what a wrong key makes of a push.
const shortestCorpID = 16

// opened is a decrypted push or URL check.
type opened struct {
	text      []byte // in the memory of the incoming
	receiveID string
	receiver  receiver
	crypto    *Crypto
}

// open decrypts what signer's Token signed, and looks for whom it was made.
//
// Nothing else may be known of the text before that: not by an answer, a
// callback, a line of the log, or the time it takes. Whoever knows the Token
// can have anything decrypted, and would learn from it what others' pushes say.
func (s *Server) open(in *incoming, signer *Crypto, isURLCheck bool) (opened, error) {
	o, ok := s.openWith(in.frame, signer, isURLCheck)
	if !ok && s.previous != nil && signer != s.previous && signer.token == s.previous.token {
		// Only the key is being changed, so the Token does not tell which it is.
		frame, _ := decodeCiphertext(nil, in.Encrypt) // again: decryption overwrote it
		o, ok = s.openWith(frame, s.previous, isURLCheck)
	}
	if !ok {
		return opened{}, notForUs()
	}
	return o, nil
}

// openWith decrypts frame in place. It reports false if the key is wrong, and
// just so if it was made for somebody else: if the receive id is none, or if
// the text in front of it can't be a corp's. What a secret in a captured push
// happens to look like, an id, is not named in front of it.
func (s *Server) openWith(frame []byte, crypto *Crypto, isURLCheck bool) (o opened, ok bool) {
	text, id, ok := crypto.decrypt(frame)
	if !ok {
		return opened{}, false
	}
	o = opened{text: text, crypto: crypto}
	switch {
	case len(id) == 0:
		o.receiver = forNobody
		ok = s.config.AllowEmptyReceiveID && (!isURLCheck || isEcho(text) && len(text) >= shortestEchoForNobody)
	case string(id) == s.config.SuiteID:
		o.receiver, o.receiveID = forSuite, s.config.SuiteID
	case string(id) == s.config.ProviderCorpID:
		o.receiver, o.receiveID = forProvider, s.config.ProviderCorpID
	default:
		o.receiver, o.receiveID = forCorp, string(id)
		ok = len(id) >= shortestCorpID && isID(o.receiveID) && (isURLCheck && isEcho(text) || !isURLCheck && names(text, id))
	}
	return o, ok
}

// shortestEchoForNobody is more than one block of a captured push can hold: one
// who knows the Token can make a check of such a block, and with no receive id to
// match would get it back decrypted.
const shortestEchoForNobody = 16

// names tells whether an id stands in a text, near its ends, where the head of a
// message is. It costs little, so the time it takes says nothing.
func names(text, id []byte) bool {
	const near = 16 << 10
	start, end := text[:min(near, len(text))], text[max(len(text)-near, 0):]
	return bytes.Contains(start, id) || bytes.Contains(end, id) ||
		bytes.Contains(start, []byte("&#")) // it may be written in references
}

// notForUs is the refusal of what we can't decrypt, and of all that must look
// the same.
func notForUs() *RefusedError { return refused(errNotForUs, CheckDecrypt, "") }

// unreadable is the refusal of a text that can't be read. Only where it was
// made for exactly us does it say so: a receive id that merely looks like a
// corp's may be noise with the right padding.
func (o *opened) unreadable(check Check, got string) error {
	switch {
	case o.receiver != forSuite && o.receiver != forProvider:
		return notForUs()
	case check == CheckEcho:
		return refused(ErrReceiveID, check, got, "1 to 64 letters and digits")
	}
	return refused(ErrMalformed, check, got)
}

// checkReceiver makes sure that a push is meant for us, and that the corp it
// names is the one it was made for. One who writes messages can add elements to
// them; the receive id he can't choose. See the table of receive ids in the
// package documentation.
func (s *Server) checkReceiver(m *Message, to receiver, deadline time.Time) error {
	ours := &s.config
	if m.InfoType == infoSuiteTicket && m.SuiteID == "" || m.SuiteID != "" && m.SuiteID != ours.SuiteID {
		return refused(ErrReceiveID, CheckSuiteID, showID(m.SuiteID), wanted(ours.SuiteID)...)
	}
	if m.serviceCorpID != "" && (m.serviceCorpID != ours.ProviderCorpID || m.InfoType == "" || to == forCorp) {
		return refused(ErrReceiveID, CheckProvider, showID(m.serviceCorpID), wanted(ours.ProviderCorpID)...)
	}
	m.forgetProvider(ours.SuiteID)
	if m.MsgType != "" {
		if other := m.corpBeside(m.ToUserName); other != "" {
			return refused(ErrReceiveID, CheckCorp, showID(other), wanted(m.ToUserName)...)
		}
	}
	if m.isOfSuite() && to != forSuite && to != forNobody {
		return refused(ErrReceiveID, CheckReceiveID, showID(m.ReceiveID), wanted(ours.SuiteID)...)
	}
	switch to {
	case forSuite:
		if other := m.corpBeside(m.CorpID); other != "" {
			return refused(ErrReceiveID, CheckCorp, showID(other), wanted(m.CorpID)...)
		}
		return nil
	case forProvider:
		isHardware := m.InfoType == "" && m.MsgType == ""
		if m.serviceCorpID != "" || isHardware {
			return nil
		}
		return s.checkNamed(m, m.ReceiveID) // as a customer of its own
	case forCorp:
		if err := s.checkNamed(m, m.ReceiveID); err != nil {
			return err
		}
		return s.allowCorp(m.ctx, m.ReceiveID, deadline)
	}
	if m.CorpID == "" {
		return nil
	}
	if err := s.checkNamed(m, m.CorpID); err != nil {
		return err
	}
	return s.allowCorp(m.ctx, m.CorpID, deadline)
}

// checkNamed makes sure that a push names this corp and no other.
func (s *Server) checkNamed(m *Message, corpID string) error {
	switch other := m.corpBeside(corpID); {
	case m.CorpID == "":
		return refused(ErrReceiveID, CheckReceiveID, showID(corpID), wanted(s.config.SuiteID)...)
	case other == "":
		return nil
	case m.CorpID == corpID:
		return refused(ErrReceiveID, CheckCorp, showID(other), wanted(corpID)...)
	default:
		return refused(ErrReceiveID, CheckReceiveID, showID(corpID), wanted(s.config.SuiteID, other)...)
	}
}

// forgetProvider drops ServiceCorpId from a push that was made for the suite. It
// has no meaning there: somebody may have written it.
func (m *Message) forgetProvider(suiteID string) {
	if m.ReceiveID != "" && m.ReceiveID == suiteID {
		m.serviceCorpID = ""
	}
}

// corpBeside is a corp that the push names beside this one, "" if none.
func (m *Message) corpBeside(corpID string) string {
	for _, named := range [...]string{m.AuthCorpID, m.paidCorpID, m.ToUserName} {
		if named != "" && named != corpID {
			return named
		}
	}
	return ""
}

// isOfSuite tells the events that are made for a suite only: one who writes
// messages must not be able to make them up.
func (m *Message) isOfSuite() bool { return m.route().first == infoSuiteTicket || m.isAuth() }

// checkURLCorp checks a URL check that was made for a corp. The console makes
// them for the provider, and for the customer of a customized app.
func (s *Server) checkURLCorp(ctx context.Context, id string, deadline time.Time) error {
	ours := &s.config
	switch {
	case ours.AllowCorp != nil:
		return s.allowCorp(ctx, id, deadline)
	case ours.SuiteID == "":
		s.log(ctx, slog.LevelWarn, "openwork: URL check for another corp than ProviderCorpID", slog.String("receive_id", id),
			slog.String("advice", "right for the URL of a customized app of that corp; else set Config.ProviderCorpID to it"))
		return nil
	case strings.HasPrefix(id, "wp"): // a customized app is prefilled with the URL and the pair of its template
		return nil
	}
	return refused(ErrReceiveID, CheckReceiveID, showID(id), wanted(ours.ProviderCorpID, ours.SuiteID)...)
}

// allowCorp asks Config.AllowCorp about a corp that a push or a URL check was
// made for, until the deadline.
func (s *Server) allowCorp(ctx context.Context, corpID string, deadline time.Time) error {
	if s.config.AllowCorp == nil {
		return nil
	}
	isAllowed, err := guard.Within(ctx, &s.calls.allowCorp, time.Until(deadline), func(ctx context.Context) (bool, error) {
		return s.config.AllowCorp(ctx, corpID)
	})
	if err != nil {
		return ofUser("AllowCorp", err)
	}
	if !isAllowed {
		return refused(ErrReceiveID, CheckAllowCorp, showID(corpID))
	}
	return nil
}

// wanted lists the ids that would have been right, without the empty ones.
func wanted(ids ...string) []string {
	quoted := make([]string, 0, len(ids))
	for _, id := range ids {
		if id != "" && !slices.Contains(quoted, showID(id)) {
			quoted = append(quoted, showID(id))
		}
	}
	return quoted
}

// showID shows an id, but nothing that is none: where the length inside a push is wrong, its content stands there.
func showID(id string) string {
	if id == "" {
		return "none"
	}
	if isID(id) {
		return id
	}
	return strconv.Itoa(len(id)) + " bytes that are no id"
}

// isID tells what a suite id or corpid looks like.
func isID(s string) bool { return len(s) <= 64 && isName(s) }
