package openwork

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// checkReceiver makes sure that a push is meant for us, by its signed content alone. See the table of receive ids in the
// package documentation.
func (s *Server) checkReceiver(m *Message) error {
	ours := &s.config
	if m.InfoType == infoSuiteTicket && m.SuiteID == "" || m.SuiteID != "" && m.SuiteID != ours.SuiteID {
		return refused(ErrReceiveID, checkSuiteID, showID(m.SuiteID), wanted(ours.SuiteID)...)
	}
	if m.serviceCorpID != "" && m.serviceCorpID != ours.ProviderCorpID {
		return refused(ErrReceiveID, checkProvider, showID(m.serviceCorpID), wanted(ours.ProviderCorpID)...)
	}
	refuse := func() error {
		want := wanted(ours.SuiteID, m.AuthCorpID, m.ToUserName)
		if m.serviceCorpID != "" {
			want = wanted(ours.SuiteID, m.serviceCorpID)
		}
		return refused(ErrReceiveID, checkReceiveID, showID(m.ReceiveID), want...)
	}
	switch m.ReceiveID {
	case "":
		if ours.AllowEmptyReceiveID {
			return nil
		}
		return refuse()
	case ours.SuiteID:
		return nil
	case m.serviceCorpID:
		return nil
	case m.AuthCorpID, m.ToUserName:
		if m.serviceCorpID != "" {
			return refuse()
		}
		return s.allowCorp(m.ctx, m.ReceiveID)
	}
	return refuse()
}

// checkUnreadable says why a message that can't be read is refused: because it is malformed, if it is meant for us at
// all; nobody else is told so much. A corp counts as meant if the text, such as it is, names it.
func (s *Server) checkUnreadable(ctx context.Context, text, receiveID string, reason error) error {
	ours := receiveID == "" && s.config.AllowEmptyReceiveID ||
		receiveID != "" && (receiveID == s.config.SuiteID || receiveID == s.config.ProviderCorpID)
	if !ours && isID(receiveID) && names(text, receiveID) {
		if err := s.allowCorp(ctx, receiveID); err != nil {
			return err
		}
		ours = true
	}
	if !ours {
		return refused(ErrReceiveID, checkReceiveID, showID(receiveID), wanted(s.config.SuiteID, s.config.ProviderCorpID)...)
	}
	return refused(ErrMalformed, checkMessage, reason.Error())
}

// names tells whether an id stands in a text, and not as a part of a longer one.
func names(text, id string) bool {
	for rest := text; ; {
		before, after, found := strings.Cut(rest, id)
		if !found {
			return false
		}
		if (before == "" || !isName(before[len(before)-1:])) && (after == "" || !isName(after[:1])) {
			return true
		}
		rest = after
	}
}

// allowCorp asks Config.AllowCorp about a corp that a push or a URL check was made for.
func (s *Server) allowCorp(ctx context.Context, corpID string) error {
	if s.config.AllowCorp == nil {
		return nil
	}
	allowed, err := s.config.AllowCorp(ctx, corpID)
	if err != nil {
		return ofUser("AllowCorp", err)
	}
	if !allowed {
		return refused(ErrReceiveID, checkAllowCorp, showID(corpID))
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
