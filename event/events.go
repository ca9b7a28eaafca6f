// Code generated from internal/catalogue/catalogue.txt; DO NOT EDIT.

package event

import "time"

// The names of all events: openwork.Message.Name, and what openwork.Server.Handle takes.
const (
	NameSuiteTicket                     = "suite_ticket"
	NameCreateAuth                      = "create_auth"
	NameChangeAuth                      = "change_auth"
	NameCancelAuth                      = "cancel_auth"
	NameCreateUser                      = "change_contact.create_user"
	NameUpdateUser                      = "change_contact.update_user"
	NameDeleteUser                      = "change_contact.delete_user"
	NameAddExternalContact              = "change_external_contact.add_external_contact"
	NameEditExternalContact             = "change_external_contact.edit_external_contact"
	NameAddHalfExternalContact          = "change_external_contact.add_half_external_contact"
	NameDelExternalContact              = "change_external_contact.del_external_contact"
	NameDelFollowUser                   = "change_external_contact.del_follow_user"
	NameTransferFail                    = "change_external_contact.transfer_fail"
	NameChangeExternalChatCreate        = "change_external_chat.create"
	NameChangeExternalChatUpdate        = "change_external_chat.update"
	NameChangeExternalChatDismiss       = "change_external_chat.dismiss"
	NameChangeExternalTagCreate         = "change_external_tag.create"
	NameChangeExternalTagUpdate         = "change_external_tag.update"
	NameChangeExternalTagDelete         = "change_external_tag.delete"
	NameChangeExternalTagShuffle        = "change_external_tag.shuffle"
	NameOpenOrder                       = "open_order"
	NameChangeOrder                     = "change_order"
	NamePayForAppSuccess                = "pay_for_app_success"
	NameRefund                          = "refund"
	NameChangeEditon                    = "change_editon"
	NameCancelOrder                     = "cancel_order"
	NameResetPermanentCode              = "reset_permanent_code"
	NameCorpArchAuth                    = "corp_arch_auth"
	NameApproveSpecialAuth              = "approve_special_auth"
	NameCancelSpecialAuth               = "cancel_special_auth"
	NameShareAgentChange                = "share_agent_change"
	NameShareChainChange                = "share_chain_change"
	NameCreateParty                     = "change_contact.create_party"
	NameUpdateParty                     = "change_contact.update_party"
	NameDeleteParty                     = "change_contact.delete_party"
	NameUpdateTag                       = "change_contact.update_tag"
	NameBalanceLow                      = "customer_acquisition.balance_low"
	NameBalanceExhausted                = "customer_acquisition.balance_exhausted"
	NameBalanceIncreased                = "customer_acquisition.balance_increased"
	NameLinkUnavailable                 = "customer_acquisition.link_unavailable"
	NameDeleteLink                      = "customer_acquisition.delete_link"
	NameQuotaExpireSoon                 = "customer_acquisition.quota_expire_soon"
	NameOpenProfile                     = "customer_acquisition.open_profile"
	NameFriendRequest                   = "customer_acquisition.friend_request"
	NameCustomerStartChat               = "customer_acquisition.customer_start_chat"
	NameMessageFromCustomer             = "customer_acquisition.message_from_customer"
	NameServiceBalanceLow               = "customer_acquisition.service_balance_low"
	NameServiceBalanceExhausted         = "customer_acquisition.service_balance_exhausted"
	NameServiceBalanceConsumed          = "customer_acquisition.service_balance_consumed"
	NameChangePrice                     = "customer_acquisition.change_price"
	NameCustomerAcquisitionPermitChange = "customer_acquisition_permit_change"
	NameConversationNewMessage          = "conversation_new_message"
	NameHitKeyword                      = "hit_keyword"
	NameChatArchiveExportFinished       = "chat_archive_export_finished"
	NameChatArchiveAuditApprovedSingle  = "chat_archive_audit_approved_single"
	NameChatArchiveAuditApprovedRoom    = "chat_archive_audit_approved_room"
	NameCreateStudent                   = "change_school_contact.create_student"
	NameUpdateStudent                   = "change_school_contact.update_student"
	NameDeleteStudent                   = "change_school_contact.delete_student"
	NameCreateParent                    = "change_school_contact.create_parent"
	NameUpdateParent                    = "change_school_contact.update_parent"
	NameDeleteParent                    = "change_school_contact.delete_parent"
	NameChangeSchoolContactSubscribe    = "change_school_contact.subscribe"
	NameChangeSchoolContactUnsubscribe  = "change_school_contact.unsubscribe"
	NameCreateDepartment                = "change_school_contact.create_department"
	NameUpdateDepartment                = "change_school_contact.update_department"
	NameDeleteDepartment                = "change_school_contact.delete_department"
	NameChangeSchoolContactBatch        = "change_school_contact_batch"
	NameSysApprovalChange               = "sys_approval_change"
	NameSubscribe                       = "subscribe"
	NameUnsubscribe                     = "unsubscribe"
	NameEnterAgent                      = "enter_agent"
	NameLocation                        = "LOCATION"
	NameBatchJobResult                  = "batch_job_result"
	NameClick                           = "click"
	NameView                            = "view"
	NameViewMiniprogram                 = "view_miniprogram"
	NameScancodePush                    = "scancode_push"
	NameScancodeWaitmsg                 = "scancode_waitmsg"
	NamePicSysphoto                     = "pic_sysphoto"
	NamePicPhotoOrAlbum                 = "pic_photo_or_album"
	NamePicWeixin                       = "pic_weixin"
	NameLocationSelect                  = "location_select"
	NameOpenApprovalChange              = "open_approval_change"
	NameTemplateCardEvent               = "template_card_event"
	NameTemplateCardMenuEvent           = "template_card_menu_event"
	NameInactiveAlert                   = "inactive_alert"
	NameCloseInactiveAgent              = "close_inactive_agent"
	NameReopenInactiveAgent             = "reopen_inactive_agent"
	NameLowActiveAlert                  = "low_active_alert"
	NameLowActive                       = "low_active"
	NameActiveRestored                  = "active_restored"
	NameTaskcardClick                   = "taskcard_click"
	NameMsgAuditApproved                = "change_external_contact.msg_audit_approved"
	NameUnlicensedNotify                = "unlicensed_notify"
	NameChangeAppAdmin                  = "change_app_admin"
	NameMessageText                     = "message.text"
	NameMessageImage                    = "message.image"
	NameMessageVoice                    = "message.voice"
	NameMessageVideo                    = "message.video"
	NameMessageLocation                 = "message.location"
	NameMessageLink                     = "message.link"
	NameProgramNotify                   = "program_notify"
	NameMsgauditNotify                  = "msgaudit_notify"
	NameDeviceDataAuthChange            = "device_data_auth_change"
	NameKfMsgOrEvent                    = "kf_msg_or_event"
	NameKfAccountAuthChange             = "kf_account_auth_change"
	NameDeleteCalendar                  = "delete_calendar"
	NameModifyCalendar                  = "modify_calendar"
	NameModifySchedule                  = "modify_schedule"
	NameDeleteSchedule                  = "delete_schedule"
	NameRespondSchedule                 = "respond_schedule"
	NameAddSchedule                     = "add_schedule"
	NameModifyMeeting                   = "meeting_change.modify_meeting"
	NameCancelMeeting                   = "meeting_change.cancel_meeting"
	NameMeetingStart                    = "meeting_change.meeting_start"
	NameMeetingEnd                      = "meeting_change.meeting_end"
	NameMeetingMuteAll                  = "meeting_change.meeting_mute_all"
	NameMeetingUnmuteAll                = "meeting_change.meeting_unmute_all"
	NameJoinMeeting                     = "meeting_change.join_meeting"
	NameQuitMeeting                     = "meeting_change.quit_meeting"
	NameJoinMeetingBeforeHost           = "meeting_change.join_meeting_before_host"
	NameJoinWaitingRoom                 = "meeting_change.join_waiting_room"
	NameQuitWaitingRoom                 = "meeting_change.quit_waiting_room"
	NameJoinFromMeetingRoom             = "meeting_change.join_from_meeting_room"
	NameMoveToWaitingRoom               = "meeting_change.move_to_waiting_room"
	NameOpenScreenShare                 = "meeting_change.open_screen_share"
	NameCloseScreenShare                = "meeting_change.close_screen_share"
	NameRoleChange                      = "meeting_change.role_change"
	NameWebinarRoleChange               = "meeting_change.webinar_role_change"
	NameWebinarWarmUpUpload             = "meeting_change.webinar_warm_up_upload"
	NamePstnStatusUpdate                = "meeting_change.pstn_status_update"
	NameMediumUpload                    = "meeting_change.medium_upload"
	NameStartRecording                  = "meeting_change.start_recording"
	NamePauseRecording                  = "meeting_change.pause_recording"
	NameResumeRecording                 = "meeting_change.resume_recording"
	NameStopRecording                   = "meeting_change.stop_recording"
	NameRecordingComplete               = "meeting_change.recording_complete"
	NameDeleteRecording                 = "meeting_change.delete_recording"
	NameEnroll                          = "meeting_change.enroll"
	NameCancelEnroll                    = "meeting_change.cancel_enroll"
	NameMeetingRoomResponse             = "meeting_change.meeting_room_response"
	NameStartMeeting                    = "meeting_statistics.start_meeting"
	NameDocMemberChange                 = "doc_change.doc_member_change"
	NameDeleteDoc                       = "doc_change.delete_doc"
	NameFormComplete                    = "doc_change.form_complete"
	NameDeleteForm                      = "doc_change.delete_form"
	NameFormSettingsChange              = "doc_change.form_settings_change"
	NameAddFiled                        = "smart_sheet_change.add_filed"
	NameUpdateFiled                     = "smart_sheet_change.update_filed"
	NameDeleteFiled                     = "smart_sheet_change.delete_filed"
	NameAddRecord                       = "smart_sheet_change.add_record"
	NameUpdateRecord                    = "smart_sheet_change.update_record"
	NameDeleteRecord                    = "smart_sheet_change.delete_record"
	NameWedriveInsufficientCapacity     = "wedrive_insufficient_capacity"
	NameDismissSpace                    = "wedrive_space_change.dismiss_space"
	NameSpaceMemberChange               = "wedrive_space_change.space_member_change"
	NameSpaceSecuritySettingsChange     = "wedrive_space_change.space_security_settings_change"
	NameCreateFile                      = "wedrive_file_change.create_file"
	NameRenameFile                      = "wedrive_file_change.rename_file"
	NameUpdateFile                      = "wedrive_file_change.update_file"
	NameDeleteFile                      = "wedrive_file_change.delete_file"
	NameMoveFile                        = "wedrive_file_change.move_file"
	NameLivingStatusChange              = "living_status_change"
	NameBookMeetingRoom                 = "book_meeting_room"
	NameCancelMeetingRoom               = "cancel_meeting_room"
	NameAppEmailChangeReceiveEmail      = "app_email_change.receive_email"
	NameUploadMediaJobFinish            = "upload_media_job_finish"
	NameSwitchWorkbenchMode             = "switch_workbench_mode"
	NameSubmitVIPAccountApproval        = "submit_vip_account_approval"
	NameFinishVIPAccountApproval        = "finish_vip_account_approval"
	NameCreateChain                     = "change_chain.create_chain"
	NameUpdateChain                     = "change_chain.update_chain"
	NameDeleteChain                     = "change_chain.delete_chain"
	NameCreateGroup                     = "change_chain.create_group"
	NameUpdateGroup                     = "change_chain.update_group"
	NameDeleteGroup                     = "change_chain.delete_group"
	NameCorpJoin                        = "change_chain.corp_join"
	NameUpdateCorp                      = "change_chain.update_corp"
	NameRemoveCorp                      = "change_chain.remove_corp"
	NameChangeDomainIP                  = "security.change_domain_ip"
	NamePublicEmailChangeReceiveEmail   = "public_email_change.receive_email"
	NameDeviceCheckinDataReport         = "device_checkin_data_report"
	NameDeviceAccesscontrolDataReport   = "device_accesscontrol_data_report"
	NameDeviceTemperatureDataReport     = "device_temperature_data_report"
	NameLicensePaySuccess               = "license_pay_success"
	NameLicenseRefund                   = "license_refund"
	NameAutoActivate                    = "auto_activate"
	NameRegisterCorp                    = "register_corp"
	NameEnterRegisterPackage            = "enter_register_package"
	NameAdvancedAPIPaySuccess           = "advanced_api_pay_success"
	NameAdvancedAPIRefund               = "advanced_api_refund"
	NameAdvancedAPICancel               = "advanced_api_cancel"
	NameAdvancedAPIInsufficient         = "advanced_api_insufficient"
	NameAdvancedAPIExpired              = "advanced_api_expired"
	NameAdvancedAPITrialExpired         = "advanced_api_trial_expired"
	NameAgreeExternalUserIDMigration    = "agree_external_userid_migration"
	NameAddDevice                       = "add_device"
	NameDelDevice                       = "del_device"
	NameRemarkDeviceName                = "remark_device_name"
	NameConnectInfo                     = "connect_info"
	NameDisconnectInfo                  = "disconnect_info"
	NameFetchLogFinish                  = "fetch_log_finish"
	NameDeviceFeatureChange             = "device_feature_change"
	NameErrorReport                     = "error_report"
)

// New returns an empty event of a name, in any spelling that Canonical knows; nil for a name that is not in the
// catalogue.
func New(name string) Event {
	switch spell(name, "") {
	case NameSuiteTicket:
		return new(SuiteTicket)
	case NameCreateAuth:
		return new(CreateAuth)
	case NameChangeAuth:
		return new(ChangeAuth)
	case NameCancelAuth:
		return new(CancelAuth)
	case NameCreateUser:
		return new(CreateUser)
	case NameUpdateUser:
		return new(UpdateUser)
	case NameDeleteUser:
		return new(DeleteUser)
	case NameAddExternalContact:
		return new(AddExternalContact)
	case NameEditExternalContact:
		return new(EditExternalContact)
	case NameAddHalfExternalContact:
		return new(AddHalfExternalContact)
	case NameDelExternalContact:
		return new(DelExternalContact)
	case NameDelFollowUser:
		return new(DelFollowUser)
	case NameTransferFail:
		return new(TransferFail)
	case NameChangeExternalChatCreate:
		return new(ChangeExternalChatCreate)
	case NameChangeExternalChatUpdate:
		return new(ChangeExternalChatUpdate)
	case NameChangeExternalChatDismiss:
		return new(ChangeExternalChatDismiss)
	case NameChangeExternalTagCreate:
		return new(ChangeExternalTagCreate)
	case NameChangeExternalTagUpdate:
		return new(ChangeExternalTagUpdate)
	case NameChangeExternalTagDelete:
		return new(ChangeExternalTagDelete)
	case NameChangeExternalTagShuffle:
		return new(ChangeExternalTagShuffle)
	case NameOpenOrder:
		return new(OpenOrder)
	case NameChangeOrder:
		return new(ChangeOrder)
	case NamePayForAppSuccess:
		return new(PayForAppSuccess)
	case NameRefund:
		return new(Refund)
	case NameChangeEditon:
		return new(ChangeEditon)
	case NameCancelOrder:
		return new(CancelOrder)
	case NameResetPermanentCode:
		return new(ResetPermanentCode)
	case NameCorpArchAuth:
		return new(CorpArchAuth)
	case NameApproveSpecialAuth:
		return new(ApproveSpecialAuth)
	case NameCancelSpecialAuth:
		return new(CancelSpecialAuth)
	case NameShareAgentChange:
		return new(ShareAgentChange)
	case NameShareChainChange:
		return new(ShareChainChange)
	case NameCreateParty:
		return new(CreateParty)
	case NameUpdateParty:
		return new(UpdateParty)
	case NameDeleteParty:
		return new(DeleteParty)
	case NameUpdateTag:
		return new(UpdateTag)
	case NameBalanceLow:
		return new(BalanceLow)
	case NameBalanceExhausted:
		return new(BalanceExhausted)
	case NameBalanceIncreased:
		return new(BalanceIncreased)
	case NameLinkUnavailable:
		return new(LinkUnavailable)
	case NameDeleteLink:
		return new(DeleteLink)
	case NameQuotaExpireSoon:
		return new(QuotaExpireSoon)
	case NameOpenProfile:
		return new(OpenProfile)
	case NameFriendRequest:
		return new(FriendRequest)
	case NameCustomerStartChat:
		return new(CustomerStartChat)
	case NameMessageFromCustomer:
		return new(MessageFromCustomer)
	case NameServiceBalanceLow:
		return new(ServiceBalanceLow)
	case NameServiceBalanceExhausted:
		return new(ServiceBalanceExhausted)
	case NameServiceBalanceConsumed:
		return new(ServiceBalanceConsumed)
	case NameChangePrice:
		return new(ChangePrice)
	case NameCustomerAcquisitionPermitChange:
		return new(CustomerAcquisitionPermitChange)
	case NameConversationNewMessage:
		return new(ConversationNewMessage)
	case NameHitKeyword:
		return new(HitKeyword)
	case NameChatArchiveExportFinished:
		return new(ChatArchiveExportFinished)
	case NameChatArchiveAuditApprovedSingle:
		return new(ChatArchiveAuditApprovedSingle)
	case NameChatArchiveAuditApprovedRoom:
		return new(ChatArchiveAuditApprovedRoom)
	case NameCreateStudent:
		return new(CreateStudent)
	case NameUpdateStudent:
		return new(UpdateStudent)
	case NameDeleteStudent:
		return new(DeleteStudent)
	case NameCreateParent:
		return new(CreateParent)
	case NameUpdateParent:
		return new(UpdateParent)
	case NameDeleteParent:
		return new(DeleteParent)
	case NameChangeSchoolContactSubscribe:
		return new(ChangeSchoolContactSubscribe)
	case NameChangeSchoolContactUnsubscribe:
		return new(ChangeSchoolContactUnsubscribe)
	case NameCreateDepartment:
		return new(CreateDepartment)
	case NameUpdateDepartment:
		return new(UpdateDepartment)
	case NameDeleteDepartment:
		return new(DeleteDepartment)
	case NameChangeSchoolContactBatch:
		return new(ChangeSchoolContactBatch)
	case NameSysApprovalChange:
		return new(SysApprovalChange)
	case NameSubscribe:
		return new(Subscribe)
	case NameUnsubscribe:
		return new(Unsubscribe)
	case NameEnterAgent:
		return new(EnterAgent)
	case NameLocation:
		return new(Location)
	case NameBatchJobResult:
		return new(BatchJobResult)
	case NameClick:
		return new(Click)
	case NameView:
		return new(View)
	case NameViewMiniprogram:
		return new(ViewMiniprogram)
	case NameScancodePush:
		return new(ScancodePush)
	case NameScancodeWaitmsg:
		return new(ScancodeWaitmsg)
	case NamePicSysphoto:
		return new(PicSysphoto)
	case NamePicPhotoOrAlbum:
		return new(PicPhotoOrAlbum)
	case NamePicWeixin:
		return new(PicWeixin)
	case NameLocationSelect:
		return new(LocationSelect)
	case NameOpenApprovalChange:
		return new(OpenApprovalChange)
	case NameTemplateCardEvent:
		return new(TemplateCardEvent)
	case NameTemplateCardMenuEvent:
		return new(TemplateCardMenuEvent)
	case NameInactiveAlert:
		return new(InactiveAlert)
	case NameCloseInactiveAgent:
		return new(CloseInactiveAgent)
	case NameReopenInactiveAgent:
		return new(ReopenInactiveAgent)
	case NameLowActiveAlert:
		return new(LowActiveAlert)
	case NameLowActive:
		return new(LowActive)
	case NameActiveRestored:
		return new(ActiveRestored)
	case NameTaskcardClick:
		return new(TaskcardClick)
	case NameMsgAuditApproved:
		return new(MsgAuditApproved)
	case NameUnlicensedNotify:
		return new(UnlicensedNotify)
	case NameChangeAppAdmin:
		return new(ChangeAppAdmin)
	case NameMessageText:
		return new(MessageText)
	case NameMessageImage:
		return new(MessageImage)
	case NameMessageVoice:
		return new(MessageVoice)
	case NameMessageVideo:
		return new(MessageVideo)
	case NameMessageLocation:
		return new(MessageLocation)
	case NameMessageLink:
		return new(MessageLink)
	case NameProgramNotify:
		return new(ProgramNotify)
	case NameMsgauditNotify:
		return new(MsgauditNotify)
	case NameDeviceDataAuthChange:
		return new(DeviceDataAuthChange)
	case NameKfMsgOrEvent:
		return new(KfMsgOrEvent)
	case NameKfAccountAuthChange:
		return new(KfAccountAuthChange)
	case NameDeleteCalendar:
		return new(DeleteCalendar)
	case NameModifyCalendar:
		return new(ModifyCalendar)
	case NameModifySchedule:
		return new(ModifySchedule)
	case NameDeleteSchedule:
		return new(DeleteSchedule)
	case NameRespondSchedule:
		return new(RespondSchedule)
	case NameAddSchedule:
		return new(AddSchedule)
	case NameModifyMeeting:
		return new(ModifyMeeting)
	case NameCancelMeeting:
		return new(CancelMeeting)
	case NameMeetingStart:
		return new(MeetingStart)
	case NameMeetingEnd:
		return new(MeetingEnd)
	case NameMeetingMuteAll:
		return new(MeetingMuteAll)
	case NameMeetingUnmuteAll:
		return new(MeetingUnmuteAll)
	case NameJoinMeeting:
		return new(JoinMeeting)
	case NameQuitMeeting:
		return new(QuitMeeting)
	case NameJoinMeetingBeforeHost:
		return new(JoinMeetingBeforeHost)
	case NameJoinWaitingRoom:
		return new(JoinWaitingRoom)
	case NameQuitWaitingRoom:
		return new(QuitWaitingRoom)
	case NameJoinFromMeetingRoom:
		return new(JoinFromMeetingRoom)
	case NameMoveToWaitingRoom:
		return new(MoveToWaitingRoom)
	case NameOpenScreenShare:
		return new(OpenScreenShare)
	case NameCloseScreenShare:
		return new(CloseScreenShare)
	case NameRoleChange:
		return new(RoleChange)
	case NameWebinarRoleChange:
		return new(WebinarRoleChange)
	case NameWebinarWarmUpUpload:
		return new(WebinarWarmUpUpload)
	case NamePstnStatusUpdate:
		return new(PstnStatusUpdate)
	case NameMediumUpload:
		return new(MediumUpload)
	case NameStartRecording:
		return new(StartRecording)
	case NamePauseRecording:
		return new(PauseRecording)
	case NameResumeRecording:
		return new(ResumeRecording)
	case NameStopRecording:
		return new(StopRecording)
	case NameRecordingComplete:
		return new(RecordingComplete)
	case NameDeleteRecording:
		return new(DeleteRecording)
	case NameEnroll:
		return new(Enroll)
	case NameCancelEnroll:
		return new(CancelEnroll)
	case NameMeetingRoomResponse:
		return new(MeetingRoomResponse)
	case NameStartMeeting:
		return new(StartMeeting)
	case NameDocMemberChange:
		return new(DocMemberChange)
	case NameDeleteDoc:
		return new(DeleteDoc)
	case NameFormComplete:
		return new(FormComplete)
	case NameDeleteForm:
		return new(DeleteForm)
	case NameFormSettingsChange:
		return new(FormSettingsChange)
	case NameAddFiled:
		return new(AddFiled)
	case NameUpdateFiled:
		return new(UpdateFiled)
	case NameDeleteFiled:
		return new(DeleteFiled)
	case NameAddRecord:
		return new(AddRecord)
	case NameUpdateRecord:
		return new(UpdateRecord)
	case NameDeleteRecord:
		return new(DeleteRecord)
	case NameWedriveInsufficientCapacity:
		return new(WedriveInsufficientCapacity)
	case NameDismissSpace:
		return new(DismissSpace)
	case NameSpaceMemberChange:
		return new(SpaceMemberChange)
	case NameSpaceSecuritySettingsChange:
		return new(SpaceSecuritySettingsChange)
	case NameCreateFile:
		return new(CreateFile)
	case NameRenameFile:
		return new(RenameFile)
	case NameUpdateFile:
		return new(UpdateFile)
	case NameDeleteFile:
		return new(DeleteFile)
	case NameMoveFile:
		return new(MoveFile)
	case NameLivingStatusChange:
		return new(LivingStatusChange)
	case NameBookMeetingRoom:
		return new(BookMeetingRoom)
	case NameCancelMeetingRoom:
		return new(CancelMeetingRoom)
	case NameAppEmailChangeReceiveEmail:
		return new(AppEmailChangeReceiveEmail)
	case NameUploadMediaJobFinish:
		return new(UploadMediaJobFinish)
	case NameSwitchWorkbenchMode:
		return new(SwitchWorkbenchMode)
	case NameSubmitVIPAccountApproval:
		return new(SubmitVIPAccountApproval)
	case NameFinishVIPAccountApproval:
		return new(FinishVIPAccountApproval)
	case NameCreateChain:
		return new(CreateChain)
	case NameUpdateChain:
		return new(UpdateChain)
	case NameDeleteChain:
		return new(DeleteChain)
	case NameCreateGroup:
		return new(CreateGroup)
	case NameUpdateGroup:
		return new(UpdateGroup)
	case NameDeleteGroup:
		return new(DeleteGroup)
	case NameCorpJoin:
		return new(CorpJoin)
	case NameUpdateCorp:
		return new(UpdateCorp)
	case NameRemoveCorp:
		return new(RemoveCorp)
	case NameChangeDomainIP:
		return new(ChangeDomainIP)
	case NamePublicEmailChangeReceiveEmail:
		return new(PublicEmailChangeReceiveEmail)
	case NameDeviceCheckinDataReport:
		return new(DeviceCheckinDataReport)
	case NameDeviceAccesscontrolDataReport:
		return new(DeviceAccesscontrolDataReport)
	case NameDeviceTemperatureDataReport:
		return new(DeviceTemperatureDataReport)
	case NameLicensePaySuccess:
		return new(LicensePaySuccess)
	case NameLicenseRefund:
		return new(LicenseRefund)
	case NameAutoActivate:
		return new(AutoActivate)
	case NameRegisterCorp:
		return new(RegisterCorp)
	case NameEnterRegisterPackage:
		return new(EnterRegisterPackage)
	case NameAdvancedAPIPaySuccess:
		return new(AdvancedAPIPaySuccess)
	case NameAdvancedAPIRefund:
		return new(AdvancedAPIRefund)
	case NameAdvancedAPICancel:
		return new(AdvancedAPICancel)
	case NameAdvancedAPIInsufficient:
		return new(AdvancedAPIInsufficient)
	case NameAdvancedAPIExpired:
		return new(AdvancedAPIExpired)
	case NameAdvancedAPITrialExpired:
		return new(AdvancedAPITrialExpired)
	case NameAgreeExternalUserIDMigration:
		return new(AgreeExternalUserIDMigration)
	case NameAddDevice:
		return new(AddDevice)
	case NameDelDevice:
		return new(DelDevice)
	case NameRemarkDeviceName:
		return new(RemarkDeviceName)
	case NameConnectInfo:
		return new(ConnectInfo)
	case NameDisconnectInfo:
		return new(DisconnectInfo)
	case NameFetchLogFinish:
		return new(FetchLogFinish)
	case NameDeviceFeatureChange:
		return new(DeviceFeatureChange)
	case NameErrorReport:
		return new(ErrorReport)
	}
	return nil
}

// spelling is a name of the catalogue, or of one of its families, given in lower case; "" for any other.
func spelling(lower []byte) string {
	switch string(lower) {
	case "suite_ticket":
		return NameSuiteTicket
	case "create_auth":
		return NameCreateAuth
	case "change_auth":
		return NameChangeAuth
	case "cancel_auth":
		return NameCancelAuth
	case "change_contact.create_user":
		return NameCreateUser
	case "change_contact.update_user":
		return NameUpdateUser
	case "change_contact.delete_user":
		return NameDeleteUser
	case "change_external_contact.add_external_contact":
		return NameAddExternalContact
	case "change_external_contact.edit_external_contact":
		return NameEditExternalContact
	case "change_external_contact.add_half_external_contact":
		return NameAddHalfExternalContact
	case "change_external_contact.del_external_contact":
		return NameDelExternalContact
	case "change_external_contact.del_follow_user":
		return NameDelFollowUser
	case "change_external_contact.transfer_fail":
		return NameTransferFail
	case "change_external_chat.create":
		return NameChangeExternalChatCreate
	case "change_external_chat.update":
		return NameChangeExternalChatUpdate
	case "change_external_chat.dismiss":
		return NameChangeExternalChatDismiss
	case "change_external_tag.create":
		return NameChangeExternalTagCreate
	case "change_external_tag.update":
		return NameChangeExternalTagUpdate
	case "change_external_tag.delete":
		return NameChangeExternalTagDelete
	case "change_external_tag.shuffle":
		return NameChangeExternalTagShuffle
	case "open_order":
		return NameOpenOrder
	case "change_order":
		return NameChangeOrder
	case "pay_for_app_success":
		return NamePayForAppSuccess
	case "refund":
		return NameRefund
	case "change_editon":
		return NameChangeEditon
	case "cancel_order":
		return NameCancelOrder
	case "reset_permanent_code":
		return NameResetPermanentCode
	case "corp_arch_auth":
		return NameCorpArchAuth
	case "approve_special_auth":
		return NameApproveSpecialAuth
	case "cancel_special_auth":
		return NameCancelSpecialAuth
	case "share_agent_change":
		return NameShareAgentChange
	case "share_chain_change":
		return NameShareChainChange
	case "change_contact.create_party":
		return NameCreateParty
	case "change_contact.update_party":
		return NameUpdateParty
	case "change_contact.delete_party":
		return NameDeleteParty
	case "change_contact.update_tag":
		return NameUpdateTag
	case "customer_acquisition.balance_low":
		return NameBalanceLow
	case "customer_acquisition.balance_exhausted":
		return NameBalanceExhausted
	case "customer_acquisition.balance_increased":
		return NameBalanceIncreased
	case "customer_acquisition.link_unavailable":
		return NameLinkUnavailable
	case "customer_acquisition.delete_link":
		return NameDeleteLink
	case "customer_acquisition.quota_expire_soon":
		return NameQuotaExpireSoon
	case "customer_acquisition.open_profile":
		return NameOpenProfile
	case "customer_acquisition.friend_request":
		return NameFriendRequest
	case "customer_acquisition.customer_start_chat":
		return NameCustomerStartChat
	case "customer_acquisition.message_from_customer":
		return NameMessageFromCustomer
	case "customer_acquisition.service_balance_low":
		return NameServiceBalanceLow
	case "customer_acquisition.service_balance_exhausted":
		return NameServiceBalanceExhausted
	case "customer_acquisition.service_balance_consumed":
		return NameServiceBalanceConsumed
	case "customer_acquisition.change_price":
		return NameChangePrice
	case "customer_acquisition_permit_change":
		return NameCustomerAcquisitionPermitChange
	case "conversation_new_message":
		return NameConversationNewMessage
	case "hit_keyword":
		return NameHitKeyword
	case "chat_archive_export_finished":
		return NameChatArchiveExportFinished
	case "chat_archive_audit_approved_single":
		return NameChatArchiveAuditApprovedSingle
	case "chat_archive_audit_approved_room":
		return NameChatArchiveAuditApprovedRoom
	case "change_school_contact.create_student":
		return NameCreateStudent
	case "change_school_contact.update_student":
		return NameUpdateStudent
	case "change_school_contact.delete_student":
		return NameDeleteStudent
	case "change_school_contact.create_parent":
		return NameCreateParent
	case "change_school_contact.update_parent":
		return NameUpdateParent
	case "change_school_contact.delete_parent":
		return NameDeleteParent
	case "change_school_contact.subscribe":
		return NameChangeSchoolContactSubscribe
	case "change_school_contact.unsubscribe":
		return NameChangeSchoolContactUnsubscribe
	case "change_school_contact.create_department", "change_school_contact.create_deparmtment":
		return NameCreateDepartment
	case "change_school_contact.update_department", "change_school_contact.update_deparmtment":
		return NameUpdateDepartment
	case "change_school_contact.delete_department", "change_school_contact.delete_deparmtment":
		return NameDeleteDepartment
	case "change_school_contact_batch":
		return NameChangeSchoolContactBatch
	case "sys_approval_change":
		return NameSysApprovalChange
	case "subscribe":
		return NameSubscribe
	case "unsubscribe":
		return NameUnsubscribe
	case "enter_agent":
		return NameEnterAgent
	case "location":
		return NameLocation
	case "batch_job_result":
		return NameBatchJobResult
	case "click":
		return NameClick
	case "view":
		return NameView
	case "view_miniprogram":
		return NameViewMiniprogram
	case "scancode_push":
		return NameScancodePush
	case "scancode_waitmsg":
		return NameScancodeWaitmsg
	case "pic_sysphoto":
		return NamePicSysphoto
	case "pic_photo_or_album":
		return NamePicPhotoOrAlbum
	case "pic_weixin":
		return NamePicWeixin
	case "location_select":
		return NameLocationSelect
	case "open_approval_change":
		return NameOpenApprovalChange
	case "template_card_event":
		return NameTemplateCardEvent
	case "template_card_menu_event":
		return NameTemplateCardMenuEvent
	case "inactive_alert":
		return NameInactiveAlert
	case "close_inactive_agent":
		return NameCloseInactiveAgent
	case "reopen_inactive_agent":
		return NameReopenInactiveAgent
	case "low_active_alert":
		return NameLowActiveAlert
	case "low_active":
		return NameLowActive
	case "active_restored":
		return NameActiveRestored
	case "taskcard_click":
		return NameTaskcardClick
	case "change_external_contact.msg_audit_approved":
		return NameMsgAuditApproved
	case "unlicensed_notify":
		return NameUnlicensedNotify
	case "change_app_admin":
		return NameChangeAppAdmin
	case "message.text":
		return NameMessageText
	case "message.image":
		return NameMessageImage
	case "message.voice":
		return NameMessageVoice
	case "message.video":
		return NameMessageVideo
	case "message.location":
		return NameMessageLocation
	case "message.link":
		return NameMessageLink
	case "program_notify":
		return NameProgramNotify
	case "msgaudit_notify":
		return NameMsgauditNotify
	case "device_data_auth_change":
		return NameDeviceDataAuthChange
	case "kf_msg_or_event":
		return NameKfMsgOrEvent
	case "kf_account_auth_change":
		return NameKfAccountAuthChange
	case "delete_calendar":
		return NameDeleteCalendar
	case "modify_calendar":
		return NameModifyCalendar
	case "modify_schedule":
		return NameModifySchedule
	case "delete_schedule":
		return NameDeleteSchedule
	case "respond_schedule":
		return NameRespondSchedule
	case "add_schedule":
		return NameAddSchedule
	case "meeting_change.modify_meeting":
		return NameModifyMeeting
	case "meeting_change.cancel_meeting":
		return NameCancelMeeting
	case "meeting_change.meeting_start":
		return NameMeetingStart
	case "meeting_change.meeting_end":
		return NameMeetingEnd
	case "meeting_change.meeting_mute_all":
		return NameMeetingMuteAll
	case "meeting_change.meeting_unmute_all":
		return NameMeetingUnmuteAll
	case "meeting_change.join_meeting":
		return NameJoinMeeting
	case "meeting_change.quit_meeting":
		return NameQuitMeeting
	case "meeting_change.join_meeting_before_host":
		return NameJoinMeetingBeforeHost
	case "meeting_change.join_waiting_room":
		return NameJoinWaitingRoom
	case "meeting_change.quit_waiting_room":
		return NameQuitWaitingRoom
	case "meeting_change.join_from_meeting_room":
		return NameJoinFromMeetingRoom
	case "meeting_change.move_to_waiting_room":
		return NameMoveToWaitingRoom
	case "meeting_change.open_screen_share":
		return NameOpenScreenShare
	case "meeting_change.close_screen_share":
		return NameCloseScreenShare
	case "meeting_change.role_change":
		return NameRoleChange
	case "meeting_change.webinar_role_change":
		return NameWebinarRoleChange
	case "meeting_change.webinar_warm_up_upload":
		return NameWebinarWarmUpUpload
	case "meeting_change.pstn_status_update":
		return NamePstnStatusUpdate
	case "meeting_change.medium_upload":
		return NameMediumUpload
	case "meeting_change.start_recording":
		return NameStartRecording
	case "meeting_change.pause_recording":
		return NamePauseRecording
	case "meeting_change.resume_recording":
		return NameResumeRecording
	case "meeting_change.stop_recording":
		return NameStopRecording
	case "meeting_change.recording_complete":
		return NameRecordingComplete
	case "meeting_change.delete_recording":
		return NameDeleteRecording
	case "meeting_change.enroll":
		return NameEnroll
	case "meeting_change.cancel_enroll":
		return NameCancelEnroll
	case "meeting_change.meeting_room_response":
		return NameMeetingRoomResponse
	case "meeting_statistics.start_meeting":
		return NameStartMeeting
	case "doc_change.doc_member_change":
		return NameDocMemberChange
	case "doc_change.delete_doc":
		return NameDeleteDoc
	case "doc_change.form_complete":
		return NameFormComplete
	case "doc_change.delete_form":
		return NameDeleteForm
	case "doc_change.form_settings_change":
		return NameFormSettingsChange
	case "smart_sheet_change.add_filed":
		return NameAddFiled
	case "smart_sheet_change.update_filed":
		return NameUpdateFiled
	case "smart_sheet_change.delete_filed":
		return NameDeleteFiled
	case "smart_sheet_change.add_record":
		return NameAddRecord
	case "smart_sheet_change.update_record":
		return NameUpdateRecord
	case "smart_sheet_change.delete_record":
		return NameDeleteRecord
	case "wedrive_insufficient_capacity":
		return NameWedriveInsufficientCapacity
	case "wedrive_space_change.dismiss_space":
		return NameDismissSpace
	case "wedrive_space_change.space_member_change":
		return NameSpaceMemberChange
	case "wedrive_space_change.space_security_settings_change":
		return NameSpaceSecuritySettingsChange
	case "wedrive_file_change.create_file":
		return NameCreateFile
	case "wedrive_file_change.rename_file":
		return NameRenameFile
	case "wedrive_file_change.update_file":
		return NameUpdateFile
	case "wedrive_file_change.delete_file":
		return NameDeleteFile
	case "wedrive_file_change.move_file":
		return NameMoveFile
	case "living_status_change":
		return NameLivingStatusChange
	case "book_meeting_room":
		return NameBookMeetingRoom
	case "cancel_meeting_room":
		return NameCancelMeetingRoom
	case "app_email_change.receive_email":
		return NameAppEmailChangeReceiveEmail
	case "upload_media_job_finish":
		return NameUploadMediaJobFinish
	case "switch_workbench_mode":
		return NameSwitchWorkbenchMode
	case "submit_vip_account_approval":
		return NameSubmitVIPAccountApproval
	case "finish_vip_account_approval":
		return NameFinishVIPAccountApproval
	case "change_chain.create_chain":
		return NameCreateChain
	case "change_chain.update_chain":
		return NameUpdateChain
	case "change_chain.delete_chain":
		return NameDeleteChain
	case "change_chain.create_group":
		return NameCreateGroup
	case "change_chain.update_group":
		return NameUpdateGroup
	case "change_chain.delete_group":
		return NameDeleteGroup
	case "change_chain.corp_join":
		return NameCorpJoin
	case "change_chain.update_corp":
		return NameUpdateCorp
	case "change_chain.remove_corp":
		return NameRemoveCorp
	case "security.change_domain_ip":
		return NameChangeDomainIP
	case "public_email_change.receive_email":
		return NamePublicEmailChangeReceiveEmail
	case "device_checkin_data_report":
		return NameDeviceCheckinDataReport
	case "device_accesscontrol_data_report":
		return NameDeviceAccesscontrolDataReport
	case "device_temperature_data_report":
		return NameDeviceTemperatureDataReport
	case "license_pay_success":
		return NameLicensePaySuccess
	case "license_refund":
		return NameLicenseRefund
	case "auto_activate":
		return NameAutoActivate
	case "register_corp":
		return NameRegisterCorp
	case "enter_register_package":
		return NameEnterRegisterPackage
	case "advanced_api_pay_success":
		return NameAdvancedAPIPaySuccess
	case "advanced_api_refund":
		return NameAdvancedAPIRefund
	case "advanced_api_cancel":
		return NameAdvancedAPICancel
	case "advanced_api_insufficient":
		return NameAdvancedAPIInsufficient
	case "advanced_api_expired":
		return NameAdvancedAPIExpired
	case "advanced_api_trial_expired":
		return NameAdvancedAPITrialExpired
	case "agree_external_userid_migration":
		return NameAgreeExternalUserIDMigration
	case "add_device":
		return NameAddDevice
	case "del_device":
		return NameDelDevice
	case "remark_device_name":
		return NameRemarkDeviceName
	case "connect_info":
		return NameConnectInfo
	case "disconnect_info":
		return NameDisconnectInfo
	case "fetch_log_finish":
		return NameFetchLogFinish
	case "device_feature_change":
		return NameDeviceFeatureChange
	case "error_report":
		return NameErrorReport
	case "change_contact":
		return "change_contact"
	case "change_external_contact":
		return "change_external_contact"
	case "change_external_chat":
		return "change_external_chat"
	case "change_external_tag":
		return "change_external_tag"
	case "customer_acquisition":
		return "customer_acquisition"
	case "change_school_contact":
		return "change_school_contact"
	case "message":
		return "message"
	case "meeting_change":
		return "meeting_change"
	case "meeting_statistics":
		return "meeting_statistics"
	case "doc_change":
		return "doc_change"
	case "smart_sheet_change":
		return "smart_sheet_change"
	case "wedrive_space_change":
		return "wedrive_space_change"
	case "wedrive_file_change":
		return "wedrive_file_change"
	case "app_email_change":
		return "app_email_change"
	case "change_chain":
		return "change_chain"
	case "security":
		return "security"
	case "public_email_change":
		return "public_email_change"
	}
	return ""
}

// isForeign tells the elements, given in lower case, that other events have, and the five that are made for a suite
// have not.
func isForeign(lower []byte) bool {
	switch string(lower) {
	case "accessdatalist",
		"accountlist",
		"addpartyitems",
		"address",
		"adduseritems",
		"advanceapitype",
		"alias",
		"alluploadstatus",
		"amount",
		"appid",
		"applyid",
		"applyreason",
		"approvalinfo",
		"apptype",
		"authaddopenkfid",
		"authdelopenkfid",
		"authtype",
		"authuserinfo",
		"avatar",
		"batchjob",
		"bizmail",
		"bookingid",
		"businesstype",
		"buyeruserid",
		"calid",
		"cardtype",
		"chainid",
		"changelist",
		"chatarchiveapi",
		"chatid",
		"chatkey",
		"chatseq",
		"checkindatalist",
		"connecttime",
		"contactsync",
		"content",
		"corpid",
		"corpids",
		"curmemver",
		"delpartyitems",
		"deluseritems",
		"department",
		"description",
		"devicesn",
		"directleader",
		"disconnecttime",
		"docid",
		"effectivetime",
		"effecttime",
		"email",
		"englishname",
		"enrollid",
		"errcode",
		"errmsg",
		"eventkey",
		"expirequotanum",
		"expiretime",
		"extattr",
		"externaluserid",
		"failreason",
		"fieldid",
		"fileid",
		"finishtype",
		"format",
		"formid",
		"fromusertmpopenid",
		"gender",
		"groupids",
		"id",
		"isleader",
		"isleaderindept",
		"jobid",
		"joinscene",
		"label",
		"lastmemver",
		"latitude",
		"linkid",
		"livingid",
		"location_x",
		"location_y",
		"longitude",
		"maindepartment",
		"mediaid",
		"meetingid",
		"meetingroomid",
		"memchangecnt",
		"memchangelist",
		"mobile",
		"mode",
		"modelid",
		"mraaddress",
		"msgid",
		"name",
		"newid",
		"neworderid",
		"newuserid",
		"notifyid",
		"notifyscene",
		"oldorderid",
		"oncekey",
		"openkfid",
		"openuserid",
		"operateduser",
		"operatorid",
		"order",
		"orderid",
		"orderstatus",
		"paidcorpid",
		"parentid",
		"picurl",
		"position",
		"precision",
		"price",
		"pstnstatus",
		"quitscene",
		"reason",
		"recordid",
		"registercode",
		"remarkname",
		"responsecode",
		"roomresponsestatus",
		"scale",
		"scancodeinfo",
		"scene",
		"scheduleid",
		"selecteditems",
		"sendlocationinfo",
		"sendpicsinfo",
		"sheetid",
		"source",
		"spaceid",
		"status",
		"strategyid",
		"tagid",
		"tagtype",
		"taskid",
		"telephone",
		"temperaturedatalist",
		"templateid",
		"thumbmediaid",
		"title",
		"token",
		"updatedetail",
		"uploadinfo",
		"url",
		"userid",
		"warmupinfo",
		"welcomecode":
		return true
	}
	return false
}

// SuiteTicket is suite_ticket, 推送suite_ticket. WeCom pushes a fresh
// suite_ticket every 10 minutes, and when the provider asks for one in the
// console.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90628; SuiteId is the
// suite or the template; no AuthCorpId.
type SuiteTicket struct {
	Head

	SuiteTicket string // secret: the ticket that buys a suite_access_token, good for 30 minutes, at most 512 bytes
}

// EventName implements Event.
func (*SuiteTicket) EventName() string { return NameSuiteTicket }

func (e *SuiteTicket) field(name []byte) any {
	switch string(name) {
	case "suiteticket":
		return &e.SuiteTicket
	}
	return nil
}

// CreateAuth is create_auth, 授权成功通知. An administrator has installed
// the app or authorised the template; installs begun on the provider's own site
// are not pushed.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/100964; WeCom waits 1000
// ms; the customized page is 100965; no AuthCorpId, the corp comes with the
// permanent code.
type CreateAuth struct {
	Head

	AuthCode  string // secret: buys the corp's permanent code, good for 10 minutes and once, at most 512 bytes
	State     string // the state of the install link or QR code; absent if it carried none
	ExtraInfo ExtraInfo
}

// EventName implements Event.
func (*CreateAuth) EventName() string { return NameCreateAuth }

func (e *CreateAuth) field(name []byte) any {
	switch string(name) {
	case "authcode":
		return &e.AuthCode
	case "state":
		return &e.State
	case "extrainfo":
		return &e.ExtraInfo
	}
	return nil
}

// ChangeAuth is change_auth, 变更授权通知. A corp has changed what the
// app may see or do: its visible range, its permissions, its mode of
// authorisation, or whether it is enabled.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/100964; WeCom waits 1000
// ms; the customized page is 100965.
type ChangeAuth struct {
	Head

	State     string // the state of the install link or QR code; absent if it carried none
	ExtraInfo ExtraInfo
}

// EventName implements Event.
func (*ChangeAuth) EventName() string { return NameChangeAuth }

func (e *ChangeAuth) field(name []byte) any {
	switch string(name) {
	case "state":
		return &e.State
	case "extrainfo":
		return &e.ExtraInfo
	}
	return nil
}

// CancelAuth is cancel_auth, 取消授权通知. A corp has removed the app,
// and the provider must delete that corp's data.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/100964; WeCom waits 1000
// ms; the customized page is 100965.
type CancelAuth struct {
	Head
}

// EventName implements Event.
func (*CancelAuth) EventName() string { return NameCancelAuth }

func (*CancelAuth) field([]byte) any { return nil }

// CreateUser is change_contact with ChangeType create_user, 新增成员事件.
// A member has been added to a corp's address book; changes the address-book
// app makes itself are not pushed to it.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/90639; attributes beyond
// the basic ones need the administrator's grant.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96302; attributes beyond
// the basic ones need the administrator's grant and partly the member's.
type CreateUser struct {
	Head

	UserID         string   // the member; an open_userid where ids are encrypted
	OpenUserID     string   // the member's id, the same for all apps of one provider, at most 64 bytes; third-party apps only
	Name           string   // name; the userid again for ordinary third-party apps
	Department     []int64  // ids of the departments the member is in now, as far as the app sees them; 1 (the root) where members authorise
	MainDepartment int64    // id of the main department
	IsLeaderInDept []int64  // 1 where the member leads the department, 0 where not; in the order of Department
	IsLeader       int      // 1 if the member leads a department; on older pages, in place of IsLeaderInDept
	DirectLeader   []string // userids of direct superiors, up to 5; not sent to customized apps
	Mobile         string   // mobile phone number; with the grant for it
	Position       string   // position, up to 64 bytes; with the grant for it
	Gender         int      // 0 not set, 1 male, 2 female; with the grant for it
	Email          string   // email address; with the grant for it
	BizMail        string   // business email address; with the grant for it
	Status         int      // 1 active, 2 disabled, 4 not active yet, 5 left the corp
	Avatar         string   // URL of the avatar; ending in /100 instead of /0 it is the small one
	Alias          string   // alias; on older pages EnglishName
	Telephone      string   // landline number; with the grant for it
	Address        string   // address; customized apps only, with the grant for it
	ExtAttr        []ExtAttrItem
}

// EventName implements Event.
func (*CreateUser) EventName() string { return NameCreateUser }

func (e *CreateUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "openuserid":
		return &e.OpenUserID
	case "name":
		return &e.Name
	case "department":
		return (*commaInts)(&e.Department)
	case "maindepartment":
		return &e.MainDepartment
	case "isleaderindept":
		return (*commaInts)(&e.IsLeaderInDept)
	case "isleader":
		return &e.IsLeader
	case "directleader":
		return (*commaStrings)(&e.DirectLeader)
	case "mobile":
		return &e.Mobile
	case "position":
		return &e.Position
	case "gender":
		return &e.Gender
	case "email":
		return &e.Email
	case "bizmail":
		return &e.BizMail
	case "status":
		return &e.Status
	case "avatar":
		return &e.Avatar
	case "alias", "englishname":
		return &e.Alias
	case "telephone":
		return &e.Telephone
	case "address":
		return &e.Address
	case "extattr":
		return wrapped{(*structs[ExtAttrItem, *ExtAttrItem])(&e.ExtAttr)}
	}
	return nil
}

// UpdateUser is change_contact with ChangeType update_user, 更新成员事件.
// A member has been changed; many fields are sent only if they changed.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/90639; attributes beyond
// the basic ones need the administrator's grant.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96302; attributes beyond
// the basic ones need the administrator's grant and partly the member's.
type UpdateUser struct {
	Head

	UserID         string   // the member; an open_userid where ids are encrypted; the id before the change
	OpenUserID     string   // the member's id, the same for all apps of one provider, at most 64 bytes; third-party apps only
	NewUserID      string   // the new userid; only when an id made by the system is changed, which can happen once
	Name           string   // name; the userid again for ordinary third-party apps
	Department     []int64  // ids of the departments the member is in now, as far as the app sees them; 1 (the root) where members authorise
	MainDepartment int64    // id of the main department
	IsLeaderInDept []int64  // 1 where the member leads the department, 0 where not; in the order of Department
	IsLeader       int      // 1 if the member leads a department; on older pages, in place of IsLeaderInDept
	DirectLeader   []string // userids of direct superiors, up to 5; not sent to customized apps
	Mobile         string   // mobile phone number; with the grant for it
	Position       string   // position, up to 64 bytes; with the grant for it
	Gender         int      // 0 not set, 1 male, 2 female; with the grant for it
	Email          string   // email address; with the grant for it
	BizMail        string   // business email address; with the grant for it
	Status         int      // 1 active, 2 disabled, 4 not active yet, 5 left the corp
	Avatar         string   // URL of the avatar; ending in /100 instead of /0 it is the small one
	Alias          string   // alias; on older pages EnglishName
	Telephone      string   // landline number; with the grant for it
	Address        string   // address; customized apps only, with the grant for it
	ExtAttr        []ExtAttrItem
}

// EventName implements Event.
func (*UpdateUser) EventName() string { return NameUpdateUser }

func (e *UpdateUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "openuserid":
		return &e.OpenUserID
	case "newuserid":
		return &e.NewUserID
	case "name":
		return &e.Name
	case "department":
		return (*commaInts)(&e.Department)
	case "maindepartment":
		return &e.MainDepartment
	case "isleaderindept":
		return (*commaInts)(&e.IsLeaderInDept)
	case "isleader":
		return &e.IsLeader
	case "directleader":
		return (*commaStrings)(&e.DirectLeader)
	case "mobile":
		return &e.Mobile
	case "position":
		return &e.Position
	case "gender":
		return &e.Gender
	case "email":
		return &e.Email
	case "bizmail":
		return &e.BizMail
	case "status":
		return &e.Status
	case "avatar":
		return &e.Avatar
	case "alias", "englishname":
		return &e.Alias
	case "telephone":
		return &e.Telephone
	case "address":
		return &e.Address
	case "extattr":
		return wrapped{(*structs[ExtAttrItem, *ExtAttrItem])(&e.ExtAttr)}
	}
	return nil
}

// DeleteUser is change_contact with ChangeType delete_user, 删除成员事件.
// A member has been removed from a corp's address book.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/90639.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96302.
type DeleteUser struct {
	Head

	UserID     string // the member; an open_userid where ids are encrypted
	OpenUserID string // the member's id, the same for all apps of one provider, at most 64 bytes; third-party apps only
}

// EventName implements Event.
func (*DeleteUser) EventName() string { return NameDeleteUser }

func (e *DeleteUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "openuserid":
		return &e.OpenUserID
	}
	return nil
}

// AddExternalContact is change_external_contact with ChangeType
// add_external_contact, 添加企业客户事件. A member has added an
// external contact.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the customers it brought only; the
// customer-acquisition component (99485) gets LinkId and State alone.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type AddExternalContact struct {
	Head

	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
	State          string // the channel: state of the contact way or acquisition link; absent if it had none
	LinkID         string // the acquisition link; for the customer-acquisition component only
	WelcomeCode    string // secret: lets one welcome message be sent within about 20 seconds; absent once used or once they chat
}

// EventName implements Event.
func (*AddExternalContact) EventName() string { return NameAddExternalContact }

func (e *AddExternalContact) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	case "state":
		return &e.State
	case "linkid":
		return &e.LinkID
	case "welcomecode":
		return &e.WelcomeCode
	}
	return nil
}

// EditExternalContact is change_external_contact with ChangeType
// edit_external_contact, 编辑企业客户事件. A member has edited a
// customer's remark or tags in a client; changes by API are not pushed.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the customers it brought only; a change of the
// remark's phone number alone is not pushed.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type EditExternalContact struct {
	Head

	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
}

// EventName implements Event.
func (*EditExternalContact) EventName() string { return NameEditExternalContact }

func (e *EditExternalContact) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	}
	return nil
}

// AddHalfExternalContact is change_external_contact with ChangeType
// add_half_external_contact, 外部联系人免验证添加成员事件. An
// external contact has added a member who needs no verification, and the member
// has not confirmed yet.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the customers it brought only.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type AddHalfExternalContact struct {
	Head

	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
	State          string // the channel: state of the contact way or acquisition link; absent if it had none
	WelcomeCode    string // secret: lets one welcome message be sent within about 20 seconds; absent once used or once they chat
}

// EventName implements Event.
func (*AddHalfExternalContact) EventName() string { return NameAddHalfExternalContact }

func (e *AddHalfExternalContact) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	case "state":
		return &e.State
	case "welcomecode":
		return &e.WelcomeCode
	}
	return nil
}

// DelExternalContact is change_external_contact with ChangeType
// del_external_contact, 删除企业客户事件. A member has deleted a
// customer.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the customers it brought only.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type DelExternalContact struct {
	Head

	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
	Source         string // DELETE_BY_TRANSFER when the customer went to a colleague by in-service transfer, else absent
}

// EventName implements Event.
func (*DelExternalContact) EventName() string { return NameDelExternalContact }

func (e *DelExternalContact) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	case "source":
		return &e.Source
	}
	return nil
}

// DelFollowUser is change_external_contact with ChangeType del_follow_user,
// 删除跟进成员事件. A customer has deleted the member.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the customers it brought only.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type DelFollowUser struct {
	Head

	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
}

// EventName implements Event.
func (*DelFollowUser) EventName() string { return NameDelFollowUser }

func (e *DelFollowUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	}
	return nil
}

// TransferFail is change_external_contact with ChangeType transfer_fail,
// 客户接替失败事件. A customer could not be handed over to another
// member; needs the permission to assign customers.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the customers it brought only.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type TransferFail struct {
	Head

	FailReason     string // customer_refused or customer_limit_exceed
	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
}

// EventName implements Event.
func (*TransferFail) EventName() string { return NameTransferFail }

func (e *TransferFail) field(name []byte) any {
	switch string(name) {
	case "failreason":
		return &e.FailReason
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	}
	return nil
}

// ChangeExternalChatCreate is change_external_chat with ChangeType create,
// 客户群创建事件. A customer group chat has been created.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the groups it brought only.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type ChangeExternalChatCreate struct {
	Head

	ChatID string // the customer group chat
}

// EventName implements Event.
func (*ChangeExternalChatCreate) EventName() string { return NameChangeExternalChatCreate }

func (e *ChangeExternalChatCreate) field(name []byte) any {
	switch string(name) {
	case "chatid":
		return &e.ChatID
	}
	return nil
}

// ChangeExternalChatUpdate is change_external_chat with ChangeType update,
// 客户群变更事件. A customer group chat has changed: its members, its
// owner, its name or its notice.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the groups it brought only.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type ChangeExternalChatUpdate struct {
	Head

	ChatID        string   // the customer group chat
	UpdateDetail  string   // add_member, del_member, change_owner, change_name or change_notice
	JoinScene     int      // how members joined: 0 invited, 3 by QR code; only for add_member
	QuitScene     int      // how members left: 0 by themselves, 1 removed; only for del_member
	MemChangeCnt  int      // how many members joined or left; only for add_member and del_member
	MemChangeList []string // ids of the members who joined or left; trust it if LastMemVer is the version you keep, else read the group again
	LastMemVer    string   // version of the member list before the change, a hex string
	CurMemVer     string   // version of the member list after the change, a hex string
}

// EventName implements Event.
func (*ChangeExternalChatUpdate) EventName() string { return NameChangeExternalChatUpdate }

func (e *ChangeExternalChatUpdate) field(name []byte) any {
	switch string(name) {
	case "chatid":
		return &e.ChatID
	case "updatedetail":
		return &e.UpdateDetail
	case "joinscene":
		return &e.JoinScene
	case "quitscene":
		return &e.QuitScene
	case "memchangecnt":
		return &e.MemChangeCnt
	case "memchangelist":
		return wrapped{&e.MemChangeList}
	case "lastmemver":
		return &e.LastMemVer
	case "curmemver":
		return &e.CurMemVer
	}
	return nil
}

// ChangeExternalChatDismiss is change_external_chat with ChangeType dismiss,
// 客户群解散事件. A customer group chat has been dissolved; its details
// may lag by about 2 seconds.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277; a marketing app
// (营销获客) gets it for the groups it brought only.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type ChangeExternalChatDismiss struct {
	Head

	ChatID string // the customer group chat
}

// EventName implements Event.
func (*ChangeExternalChatDismiss) EventName() string { return NameChangeExternalChatDismiss }

func (e *ChangeExternalChatDismiss) field(name []byte) any {
	switch string(name) {
	case "chatid":
		return &e.ChatID
	}
	return nil
}

// ChangeExternalTagCreate is change_external_tag with ChangeType create,
// 企业客户标签创建事件. A corp tag or tag group for customers has
// been created; needs the permission to manage tags.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type ChangeExternalTagCreate struct {
	Head

	ID         string // the tag, or the tag group
	TagType    string // tag or tag_group
	StrategyID string // the rule group the tags belong to; in the data form only, for WeCom's own customer-contact app
}

// EventName implements Event.
func (*ChangeExternalTagCreate) EventName() string { return NameChangeExternalTagCreate }

func (e *ChangeExternalTagCreate) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "tagtype":
		return &e.TagType
	case "strategyid":
		return &e.StrategyID
	}
	return nil
}

// ChangeExternalTagUpdate is change_external_tag with ChangeType update,
// 企业客户标签变更事件. A corp tag or tag group for customers has
// been changed; needs the permission to manage tags.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type ChangeExternalTagUpdate struct {
	Head

	ID         string // the tag, or the tag group
	TagType    string // tag or tag_group
	StrategyID string // the rule group the tags belong to; in the data form only, for WeCom's own customer-contact app
}

// EventName implements Event.
func (*ChangeExternalTagUpdate) EventName() string { return NameChangeExternalTagUpdate }

func (e *ChangeExternalTagUpdate) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "tagtype":
		return &e.TagType
	case "strategyid":
		return &e.StrategyID
	}
	return nil
}

// ChangeExternalTagDelete is change_external_tag with ChangeType delete,
// 企业客户标签删除事件. A corp tag or tag group for customers has
// been deleted; a group takes its tags along without events of their own.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type ChangeExternalTagDelete struct {
	Head

	ID         string // the tag, or the tag group
	TagType    string // tag or tag_group
	StrategyID string // the rule group the tags belong to; in the data form only, for WeCom's own customer-contact app
}

// EventName implements Event.
func (*ChangeExternalTagDelete) EventName() string { return NameChangeExternalTagDelete }

func (e *ChangeExternalTagDelete) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "tagtype":
		return &e.TagType
	case "strategyid":
		return &e.StrategyID
	}
	return nil
}

// ChangeExternalTagShuffle is change_external_tag with ChangeType shuffle,
// 企业客户标签重排事件. Corp tags for customers have been put in
// another order: read all order values again.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96361.
type ChangeExternalTagShuffle struct {
	Head

	ID         string // the tag group whose tags were reordered; empty if the groups themselves were
	StrategyID string // the rule group whose tags were reordered; in the data form only
}

// EventName implements Event.
func (*ChangeExternalTagShuffle) EventName() string { return NameChangeExternalTagShuffle }

func (e *ChangeExternalTagShuffle) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "strategyid":
		return &e.StrategyID
	}
	return nil
}

// OpenOrder is open_order, 下单成功通知. A paid app has been ordered, by
// the corp or for it by the provider or an agent.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/91929; the customized page
// is 99387.
type OpenOrder struct {
	Head

	PaidCorpID string // the corp that buys
	OrderID    string // the order, at most 32 characters
	OperatorID string // userid of the member who ordered; empty if the provider or an agent did
}

// EventName implements Event.
func (*OpenOrder) EventName() string { return NameOpenOrder }

func (e *OpenOrder) field(name []byte) any {
	switch string(name) {
	case "paidcorpid":
		return &e.PaidCorpID
	case "orderid":
		return &e.OrderID
	case "operatorid":
		return &e.OperatorID
	}
	return nil
}

// ChangeOrder is change_order, 改单通知. The provider has changed the price
// of an order, which gives it a new id.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/91930; the customized page
// is 99388.
type ChangeOrder struct {
	Head

	PaidCorpID string // the corp that buys
	OldOrderID string // the id until now, at most 32 characters
	NewOrderID string // the id from now on, to query the order with, at most 32 characters
}

// EventName implements Event.
func (*ChangeOrder) EventName() string { return NameChangeOrder }

func (e *ChangeOrder) field(name []byte) any {
	switch string(name) {
	case "paidcorpid":
		return &e.PaidCorpID
	case "oldorderid":
		return &e.OldOrderID
	case "neworderid":
		return &e.NewOrderID
	}
	return nil
}

// PayForAppSuccess is pay_for_app_success, 支付成功通知. A corp has paid
// an order for an app.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/91931; seen on the
// customized page 99389.
type PayForAppSuccess struct {
	Head

	PaidCorpID string // the corp that buys
	OrderID    string // the order, at most 32 characters
}

// EventName implements Event.
func (*PayForAppSuccess) EventName() string { return NamePayForAppSuccess }

func (e *PayForAppSuccess) field(name []byte) any {
	switch string(name) {
	case "paidcorpid":
		return &e.PaidCorpID
	case "orderid":
		return &e.OrderID
	}
	return nil
}

// Refund is refund, 退款通知. An order for an app has been refunded;
// licence refunds are license_refund.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/91932; the customized
// pages are 99390 to 99392.
type Refund struct {
	Head

	PaidCorpID string // the corp that buys
	OrderID    string // the order, at most 32 characters
}

// EventName implements Event.
func (*Refund) EventName() string { return NameRefund }

func (e *Refund) field(name []byte) any {
	switch string(name) {
	case "paidcorpid":
		return &e.PaidCorpID
	case "orderid":
		return &e.OrderID
	}
	return nil
}

// ChangeEditon is change_editon, 应用版本变更通知. A corp's edition of
// the app has changed: by purchase, refund, end of a trial, number of seats and
// the like; WeCom spells it without the second i.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/91933.
type ChangeEditon struct {
	Head

	PaidCorpID string // the corp that buys
}

// EventName implements Event.
func (*ChangeEditon) EventName() string { return NameChangeEditon }

func (e *ChangeEditon) field(name []byte) any {
	switch string(name) {
	case "paidcorpid":
		return &e.PaidCorpID
	}
	return nil
}

// CancelOrder is cancel_order, 取消订单通知. An order for an app has been
// cancelled.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/99353.
type CancelOrder struct {
	Head

	PaidCorpID string // the corp that buys
	OrderID    string // the order, at most 32 characters
}

// EventName implements Event.
func (*CancelOrder) EventName() string { return NameCancelOrder }

func (e *CancelOrder) field(name []byte) any {
	switch string(name) {
	case "paidcorpid":
		return &e.PaidCorpID
	case "orderid":
		return &e.OrderID
	}
	return nil
}

// ResetPermanentCode is reset_permanent_code, 重置永久授权码通知. An
// administrator has reset a customized app's secret.
//
// By InfoType on the command URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/94758; WeCom waits 1000
// ms; SuiteId is the template (dk…).
type ResetPermanentCode struct {
	Head

	AuthCode string // secret: buys the new permanent code, good for 10 minutes and once, at most 512 bytes
}

// EventName implements Event.
func (*ResetPermanentCode) EventName() string { return NameResetPermanentCode }

func (e *ResetPermanentCode) field(name []byte) any {
	switch string(name) {
	case "authcode":
		return &e.AuthCode
	}
	return nil
}

// CorpArchAuth is corp_arch_auth, 授权组织架构权限通知. An
// administrator has granted the app the permission for the organisation
// structure.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97378.
type CorpArchAuth struct {
	Head
}

// EventName implements Event.
func (*CorpArchAuth) EventName() string { return NameCorpArchAuth }

func (*CorpArchAuth) field([]byte) any { return nil }

// ApproveSpecialAuth is approve_special_auth, 获客助手权限确认事件.
// An administrator has confirmed a special permission: that for the
// customer-acquisition assistant.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/98959.
type ApproveSpecialAuth struct {
	Head

	AuthType string // the permission: customer_acquisition
}

// EventName implements Event.
func (*ApproveSpecialAuth) EventName() string { return NameApproveSpecialAuth }

func (e *ApproveSpecialAuth) field(name []byte) any {
	switch string(name) {
	case "authtype":
		return &e.AuthType
	}
	return nil
}

// CancelSpecialAuth is cancel_special_auth, 获客助手权限取消事件. An
// administrator has withdrawn a special permission: that for the
// customer-acquisition assistant.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/98959.
type CancelSpecialAuth struct {
	Head

	AuthType string // the permission: customer_acquisition
}

// EventName implements Event.
func (*CancelSpecialAuth) EventName() string { return NameCancelSpecialAuth }

func (e *CancelSpecialAuth) field(name []byte) any {
	switch string(name) {
	case "authtype":
		return &e.AuthType
	}
	return nil
}

// ShareAgentChange is share_agent_change, 企业互联共享应用事件回调.
// A corp has shared the app with another corp of its group, or stopped to.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/93373; the sample's CorpId
// is a broken CDATA section.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; for self-built apps
// that are shared; a provider never sees it.
type ShareAgentChange struct {
	Head

	AppID  int64  // the app within an old suite of several apps; to be ignored; third-party apps only
	CorpID string // the corp that shares, not Head.CorpID; the head's AgentId is its app; third-party apps only, the data form names it in ToUserName
}

// EventName implements Event.
func (*ShareAgentChange) EventName() string { return NameShareAgentChange }

func (e *ShareAgentChange) field(name []byte) any {
	switch string(name) {
	case "appid":
		return &e.AppID
	case "corpid":
		return &e.CorpID
	}
	return nil
}

// ShareChainChange is share_chain_change, 上下游共享应用事件回调. An
// upstream corp has shared the app with a downstream corp, or stopped to.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/93373; the sample's CorpId
// is a broken CDATA section.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; for self-built apps
// that are shared; a provider never sees it.
type ShareChainChange struct {
	Head

	AppID  int64  // the app within an old suite of several apps; to be ignored; third-party apps only
	CorpID string // the upstream corp that shares, not Head.CorpID; the head's AgentId is its app; third-party apps only, the data form names it in ToUserName
}

// EventName implements Event.
func (*ShareChainChange) EventName() string { return NameShareChainChange }

func (e *ShareChainChange) field(name []byte) any {
	switch string(name) {
	case "appid":
		return &e.AppID
	case "corpid":
		return &e.CorpID
	}
	return nil
}

// CreateParty is change_contact with ChangeType create_party,
// 新增部门事件. A department (party) has been added to a corp's address
// book.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/90640; the page also shows
// a JSON form.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96303; the self-built page
// is 90971.
type CreateParty struct {
	Head

	ID       int64  // the department (party)
	Name     string // name; the id again for ordinary third-party apps
	ParentID int64  // the department above
	Order    int64  // order among its siblings; greater comes first
}

// EventName implements Event.
func (*CreateParty) EventName() string { return NameCreateParty }

func (e *CreateParty) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "name":
		return &e.Name
	case "parentid":
		return &e.ParentID
	case "order":
		return &e.Order
	}
	return nil
}

// UpdateParty is change_contact with ChangeType update_party,
// 更新部门事件. A department (party) has been renamed or moved.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/90640; the page also shows
// a JSON form.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96303; the self-built page
// is 90971.
type UpdateParty struct {
	Head

	ID       int64  // the department (party)
	Name     string // name; the id again for ordinary third-party apps; only if it changed
	ParentID int64  // the department above; only if it changed
}

// EventName implements Event.
func (*UpdateParty) EventName() string { return NameUpdateParty }

func (e *UpdateParty) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "name":
		return &e.Name
	case "parentid":
		return &e.ParentID
	}
	return nil
}

// DeleteParty is change_contact with ChangeType delete_party,
// 删除部门事件. A department (party) has been removed from a corp's
// address book.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/90640; the page also shows
// a JSON form.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96303; the self-built page
// is 90971.
type DeleteParty struct {
	Head

	ID int64 // the department (party)
}

// EventName implements Event.
func (*DeleteParty) EventName() string { return NameDeleteParty }

func (e *DeleteParty) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// UpdateTag is change_contact with ChangeType update_tag,
// 标签成员变更事件. Members or departments have been tagged or
// untagged; the order of such events is not guaranteed, so read the tag again.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/90641.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96304; the self-built page
// is 90972.
type UpdateTag struct {
	Head

	TagID         int64    // the tag
	AddUserItems  []string // userids of the members who got the tag
	DelUserItems  []string // userids of the members who lost the tag
	AddPartyItems []int64  // ids of the departments that got the tag
	DelPartyItems []int64  // ids of the departments that lost the tag; may lack departments that were deleted
}

// EventName implements Event.
func (*UpdateTag) EventName() string { return NameUpdateTag }

func (e *UpdateTag) field(name []byte) any {
	switch string(name) {
	case "tagid":
		return &e.TagID
	case "adduseritems":
		return (*commaStrings)(&e.AddUserItems)
	case "deluseritems":
		return (*commaStrings)(&e.DelUserItems)
	case "addpartyitems":
		return (*commaInts)(&e.AddPartyItems)
	case "delpartyitems":
		return (*commaInts)(&e.DelPartyItems)
	}
	return nil
}

// BalanceLow is customer_acquisition with ChangeType balance_low,
// 企业使用量即将耗尽事件. Fewer than 20 uses of the
// customer-acquisition assistant are left.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type BalanceLow struct {
	Head
}

// EventName implements Event.
func (*BalanceLow) EventName() string { return NameBalanceLow }

func (*BalanceLow) field([]byte) any { return nil }

// BalanceExhausted is customer_acquisition with ChangeType balance_exhausted,
// 使用量已经耗尽事件. The uses of the customer-acquisition assistant
// are used up.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type BalanceExhausted struct {
	Head
}

// EventName implements Event.
func (*BalanceExhausted) EventName() string { return NameBalanceExhausted }

func (*BalanceExhausted) field([]byte) any { return nil }

// BalanceIncreased is customer_acquisition with ChangeType balance_increased,
// 使用量增加事件. There are uses of the customer-acquisition assistant
// again after there were none.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type BalanceIncreased struct {
	Head
}

// EventName implements Event.
func (*BalanceIncreased) EventName() string { return NameBalanceIncreased }

func (*BalanceIncreased) field([]byte) any { return nil }

// LinkUnavailable is customer_acquisition with ChangeType link_unavailable,
// 获客链接异常事件. An acquisition link cannot add customers any more.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type LinkUnavailable struct {
	Head

	LinkID string // the acquisition link
}

// EventName implements Event.
func (*LinkUnavailable) EventName() string { return NameLinkUnavailable }

func (e *LinkUnavailable) field(name []byte) any {
	switch string(name) {
	case "linkid":
		return &e.LinkID
	}
	return nil
}

// DeleteLink is customer_acquisition with ChangeType delete_link,
// 删除获客链接事件. An acquisition link has been deleted; deletions by
// API are not pushed.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type DeleteLink struct {
	Head

	LinkID string // the acquisition link
}

// EventName implements Event.
func (*DeleteLink) EventName() string { return NameDeleteLink }

func (e *DeleteLink) field(name []byte) any {
	switch string(name) {
	case "linkid":
		return &e.LinkID
	}
	return nil
}

// QuotaExpireSoon is customer_acquisition with ChangeType quota_expire_soon,
// 获客使用量即将过期事件. Uses of the customer-acquisition assistant
// will expire; pushed 14, 7, 3, 2 and 1 days before.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type QuotaExpireSoon struct {
	Head

	ExpireTime     time.Time // when they expire
	ExpireQuotaNum int       // how many expire
}

// EventName implements Event.
func (*QuotaExpireSoon) EventName() string { return NameQuotaExpireSoon }

func (e *QuotaExpireSoon) field(name []byte) any {
	switch string(name) {
	case "expiretime":
		return &e.ExpireTime
	case "expirequotanum":
		return &e.ExpireQuotaNum
	}
	return nil
}

// OpenProfile is customer_acquisition with ChangeType open_profile,
// 微信客户打开获客链接事件. A WeChat customer has opened a member's
// profile by an acquisition link; only for corps of some trades.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type OpenProfile struct {
	Head

	LinkID string // the acquisition link
	State  string // the customer_channel of the link
}

// EventName implements Event.
func (*OpenProfile) EventName() string { return NameOpenProfile }

func (e *OpenProfile) field(name []byte) any {
	switch string(name) {
	case "linkid":
		return &e.LinkID
	case "state":
		return &e.State
	}
	return nil
}

// FriendRequest is customer_acquisition with ChangeType friend_request,
// 微信客户发起好友申请. A WeChat customer has asked by an acquisition
// link to add a member, and the link has a state.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type FriendRequest struct {
	Head

	LinkID string // the acquisition link
	State  string // the customer_channel of the link
}

// EventName implements Event.
func (*FriendRequest) EventName() string { return NameFriendRequest }

func (e *FriendRequest) field(name []byte) any {
	switch string(name) {
	case "linkid":
		return &e.LinkID
	case "state":
		return &e.State
	}
	return nil
}

// CustomerStartChat is customer_acquisition with ChangeType
// customer_start_chat, 成员首次收消息事件. A customer who came by an
// acquisition link has sent the member the first message.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402; the
// customer-acquisition component (99485) gets State, and neither UserID nor
// ExternalUserID.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type CustomerStartChat struct {
	Head

	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
	LinkID         string // the acquisition link
	State          string // the customer_channel of the link; for the customer-acquisition component only
}

// EventName implements Event.
func (*CustomerStartChat) EventName() string { return NameCustomerStartChat }

func (e *CustomerStartChat) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	case "linkid":
		return &e.LinkID
	case "state":
		return &e.State
	}
	return nil
}

// MessageFromCustomer is customer_acquisition with ChangeType
// message_from_customer, 成员多次收消息事件. A customer who came by an
// acquisition link has sent the member message 3, 5 or 10.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97402; the
// customer-acquisition component (99485) gets State, and neither UserID nor
// ExternalUserID.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/98958.
type MessageFromCustomer struct {
	Head

	UserID         string // the member; not sent since 2024-12-19
	ExternalUserID string // the customer; not sent since 2024-12-19
	LinkID         string // the acquisition link
	ChatSeq        int    // how many messages: 3, 5 or 10; not sent since 2024-12-19
	ChatKey        string // secret: asks WeCom for the details of the chat, good for 30 minutes
	State          string // the customer_channel of the link; for the customer-acquisition component only, not sent since 2024-12-19
}

// EventName implements Event.
func (*MessageFromCustomer) EventName() string { return NameMessageFromCustomer }

func (e *MessageFromCustomer) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	case "linkid":
		return &e.LinkID
	case "chatseq":
		return &e.ChatSeq
	case "chatkey":
		return &e.ChatKey
	case "state":
		return &e.State
	}
	return nil
}

// ServiceBalanceLow is customer_acquisition with ChangeType
// service_balance_low, 服务商获客使用量即将耗尽事件. The uses the
// provider has bought for its customer-acquisition component are about to run
// out.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/99485;
// customer-acquisition component only; no AuthCorpId, it is about the provider.
type ServiceBalanceLow struct {
	Head
}

// EventName implements Event.
func (*ServiceBalanceLow) EventName() string { return NameServiceBalanceLow }

func (*ServiceBalanceLow) field([]byte) any { return nil }

// ServiceBalanceExhausted is customer_acquisition with ChangeType
// service_balance_exhausted, 服务商获客使用量已经耗尽事件. The
// uses the provider has bought for its customer-acquisition component are used
// up.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/99485;
// customer-acquisition component only; no AuthCorpId, it is about the provider.
type ServiceBalanceExhausted struct {
	Head
}

// EventName implements Event.
func (*ServiceBalanceExhausted) EventName() string { return NameServiceBalanceExhausted }

func (*ServiceBalanceExhausted) field([]byte) any { return nil }

// ServiceBalanceConsumed is customer_acquisition with ChangeType
// service_balance_consumed, 消耗服务商使用量事件. A use the provider
// has bought for its customer-acquisition component has been consumed.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/99485;
// customer-acquisition component only.
type ServiceBalanceConsumed struct {
	Head

	LinkID  string // the acquisition link
	State   string // the customer_channel of the link
	OnceKey string // the once_key that was put on the link
}

// EventName implements Event.
func (*ServiceBalanceConsumed) EventName() string { return NameServiceBalanceConsumed }

func (e *ServiceBalanceConsumed) field(name []byte) any {
	switch string(name) {
	case "linkid":
		return &e.LinkID
	case "state":
		return &e.State
	case "oncekey":
		return &e.OnceKey
	}
	return nil
}

// ChangePrice is customer_acquisition with ChangeType change_price,
// 获客链接服务商代付价格调整事件. WeCom has changed the price
// the provider pays for acquisition links.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/99485;
// customer-acquisition component only; the sample is not well-formed.
type ChangePrice struct {
	Head

	Price         int       // the new price of one use, in fen
	EffectiveTime time.Time // when it takes effect
}

// EventName implements Event.
func (*ChangePrice) EventName() string { return NameChangePrice }

func (e *ChangePrice) field(name []byte) any {
	switch string(name) {
	case "price":
		return &e.Price
	case "effectivetime":
		return &e.EffectiveTime
	}
	return nil
}

// CustomerAcquisitionPermitChange is customer_acquisition_permit_change,
// 客户可建联成员范围变动事件. The range of members that customers
// may be linked to has changed.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92277.
type CustomerAcquisitionPermitChange struct {
	Head
}

// EventName implements Event.
func (*CustomerAcquisitionPermitChange) EventName() string {
	return NameCustomerAcquisitionPermitChange
}

func (*CustomerAcquisitionPermitChange) field([]byte) any { return nil }

// ConversationNewMessage is conversation_new_message, 产生会话回调事件.
// There are new messages in conversations that a corp lets be archived.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/99682; suite of the
// chat-archive authorisation; the third-party page is 97085.
type ConversationNewMessage struct {
	Head

	Token string // secret: fetches the conversation records, good for 10 minutes, at most 128 bytes
}

// EventName implements Event.
func (*ConversationNewMessage) EventName() string { return NameConversationNewMessage }

func (e *ConversationNewMessage) field(name []byte) any {
	switch string(name) {
	case "token":
		return &e.Token
	}
	return nil
}

// HitKeyword is hit_keyword, 命中关键词规则通知. A message in an
// archived conversation has met a keyword rule.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97244; suite of the
// chat-archive authorisation.
type HitKeyword struct {
	Head

	Token string // secret: fetches the records that met it, good for 10 minutes, at most 128 bytes
}

// EventName implements Event.
func (*HitKeyword) EventName() string { return NameHitKeyword }

func (e *HitKeyword) field(name []byte) any {
	switch string(name) {
	case "token":
		return &e.Token
	}
	return nil
}

// ChatArchiveExportFinished is chat_archive_export_finished,
// 会话内容导出完成通知. An export of archived conversations has
// finished.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/99620; the customized page
// is 99679; a program of the data zone gets it as JSON.
type ChatArchiveExportFinished struct {
	Head

	JobID string // the export job, at most 64 characters, good for 24 hours
}

// EventName implements Event.
func (*ChatArchiveExportFinished) EventName() string { return NameChatArchiveExportFinished }

func (e *ChatArchiveExportFinished) field(name []byte) any {
	switch string(name) {
	case "jobid":
		return &e.JobID
	}
	return nil
}

// ChatArchiveAuditApprovedSingle is chat_archive_audit_approved_single,
// 客户同意进行聊天内容存档事件回调. A customer has agreed that
// a chat with one member is archived.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/99532; the customized page
// is 99681; a program of the data zone gets it as JSON; the sample is not
// well-formed.
type ChatArchiveAuditApprovedSingle struct {
	Head

	OpenUserID     string // the member of a single chat
	ExternalUserID string // the customer who agreed
	ChatID         string // the group chat; absent for a single chat
}

// EventName implements Event.
func (*ChatArchiveAuditApprovedSingle) EventName() string { return NameChatArchiveAuditApprovedSingle }

func (e *ChatArchiveAuditApprovedSingle) field(name []byte) any {
	switch string(name) {
	case "openuserid":
		return &e.OpenUserID
	case "externaluserid":
		return &e.ExternalUserID
	case "chatid":
		return &e.ChatID
	}
	return nil
}

// ChatArchiveAuditApprovedRoom is chat_archive_audit_approved_room,
// 客户同意进行聊天内容存档事件回调. A customer has agreed that
// a group chat is archived.
//
// By InfoType on the command URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/99532; the customized page
// is 99681; named there, without a sample of its own.
type ChatArchiveAuditApprovedRoom struct {
	Head

	ExternalUserID string // the customer who agreed
	ChatID         string // the group chat
}

// EventName implements Event.
func (*ChatArchiveAuditApprovedRoom) EventName() string { return NameChatArchiveAuditApprovedRoom }

func (e *ChatArchiveAuditApprovedRoom) field(name []byte) any {
	switch string(name) {
	case "externaluserid":
		return &e.ExternalUserID
	case "chatid":
		return &e.ChatID
	}
	return nil
}

// CreateStudent is change_school_contact with ChangeType create_student,
// 新增学生事件. A student has been added to a school's contacts.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type CreateStudent struct {
	Head

	ID string // school userid of the student
}

// EventName implements Event.
func (*CreateStudent) EventName() string { return NameCreateStudent }

func (e *CreateStudent) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// UpdateStudent is change_school_contact with ChangeType update_student,
// 编辑学生事件. A student in a school's contacts has been changed.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type UpdateStudent struct {
	Head

	ID    string // school userid of the student
	NewID string // the new userid of the student; only if that was changed, and in the command form
}

// EventName implements Event.
func (*UpdateStudent) EventName() string { return NameUpdateStudent }

func (e *UpdateStudent) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "newid":
		return &e.NewID
	}
	return nil
}

// DeleteStudent is change_school_contact with ChangeType delete_student,
// 删除学生事件. A student has been removed from a school's contacts.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type DeleteStudent struct {
	Head

	ID string // school userid of the student
}

// EventName implements Event.
func (*DeleteStudent) EventName() string { return NameDeleteStudent }

func (e *DeleteStudent) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// CreateParent is change_school_contact with ChangeType create_parent,
// 新增家长事件. A parent has been added to a school's contacts.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type CreateParent struct {
	Head

	ID string // school userid of the parent
}

// EventName implements Event.
func (*CreateParent) EventName() string { return NameCreateParent }

func (e *CreateParent) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// UpdateParent is change_school_contact with ChangeType update_parent,
// 编辑家长事件. A parent in a school's contacts has been changed.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type UpdateParent struct {
	Head

	ID    string // school userid of the parent
	NewID string // the new userid of the parent; only if that was changed, and in the command form
}

// EventName implements Event.
func (*UpdateParent) EventName() string { return NameUpdateParent }

func (e *UpdateParent) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "newid":
		return &e.NewID
	}
	return nil
}

// DeleteParent is change_school_contact with ChangeType delete_parent,
// 删除家长事件. A parent has been removed from a school's contacts.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type DeleteParent struct {
	Head

	ID string // school userid of the parent
}

// EventName implements Event.
func (*DeleteParent) EventName() string { return NameDeleteParent }

func (e *DeleteParent) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// ChangeSchoolContactSubscribe is change_school_contact with ChangeType
// subscribe, 家长关注事件. A parent follows the school now.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type ChangeSchoolContactSubscribe struct {
	Head

	ID string // school userid of the parent
}

// EventName implements Event.
func (*ChangeSchoolContactSubscribe) EventName() string { return NameChangeSchoolContactSubscribe }

func (e *ChangeSchoolContactSubscribe) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// ChangeSchoolContactUnsubscribe is change_school_contact with ChangeType
// unsubscribe, 家长取消关注事件. A parent does not follow the school
// any more.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92051.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96716.
type ChangeSchoolContactUnsubscribe struct {
	Head

	ID string // school userid of the parent
}

// EventName implements Event.
func (*ChangeSchoolContactUnsubscribe) EventName() string { return NameChangeSchoolContactUnsubscribe }

func (e *ChangeSchoolContactUnsubscribe) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// CreateDepartment is change_school_contact with ChangeType create_department,
// 创建部门事件. A department, such as a class, has been added to a
// school's contacts.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92050; the sample's
// ChangeType is a broken CDATA section.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96717; the self-built
// sample 92052 spells it _deparmtment.
type CreateDepartment struct {
	Head

	ID int64 // the department
}

// EventName implements Event.
func (*CreateDepartment) EventName() string { return NameCreateDepartment }

func (e *CreateDepartment) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// UpdateDepartment is change_school_contact with ChangeType update_department,
// 更新部门事件. A department, such as a class, has been changed in a
// school's contacts.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92050; the sample's
// ChangeType is a broken CDATA section.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96717; the self-built
// sample 92052 spells it _deparmtment.
type UpdateDepartment struct {
	Head

	ID int64 // the department
}

// EventName implements Event.
func (*UpdateDepartment) EventName() string { return NameUpdateDepartment }

func (e *UpdateDepartment) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// DeleteDepartment is change_school_contact with ChangeType delete_department,
// 删除部门事件. A department, such as a class, has been removed from a
// school's contacts.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92050; the sample's
// ChangeType is a broken CDATA section.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96717; the self-built
// sample 92052 spells it _deparmtment.
type DeleteDepartment struct {
	Head

	ID int64 // the department
}

// EventName implements Event.
func (*DeleteDepartment) EventName() string { return NameDeleteDepartment }

func (e *DeleteDepartment) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	}
	return nil
}

// ChangeSchoolContactBatch is change_school_contact_batch,
// 家校通讯录批量变更事件. Many changes of a school's contacts within
// a short time, instead of the single events.
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97281; up to 1000 changes.
type ChangeSchoolContactBatch struct {
	Head

	ChangeList []ChangeList
}

// EventName implements Event.
func (*ChangeSchoolContactBatch) EventName() string { return NameChangeSchoolContactBatch }

func (e *ChangeSchoolContactBatch) field(name []byte) any {
	switch string(name) {
	case "changelist":
		return (*structs[ChangeList, *ChangeList])(&e.ChangeList)
	}
	return nil
}

// SysApprovalChange is sys_approval_change,
// 审批申请状态变化回调通知. An application in WeCom's own approval
// app has changed: submitted, agreed, rejected, forwarded, urged, withdrawn,
// commented.
//
// By Event on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/92633; the command URL
// although the envelope is the data one; receiveid not stated.
//
// By Event on the data URL, for customized apps:
// https://developer.work.weixin.qq.com/document/path/96508.
type SysApprovalChange struct {
	Head

	ApprovalInfo SysApprovalChangeApprovalInfo
}

// EventName implements Event.
func (*SysApprovalChange) EventName() string { return NameSysApprovalChange }

func (e *SysApprovalChange) field(name []byte) any {
	switch string(name) {
	case "approvalinfo":
		return &e.ApprovalInfo
	}
	return nil
}

// Subscribe is subscribe, 成员关注事件. A member has come into the app's
// visible range, or joined the corp within it.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to.
type Subscribe struct {
	Head

	EventKey string // empty
}

// EventName implements Event.
func (*Subscribe) EventName() string { return NameSubscribe }

func (e *Subscribe) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	}
	return nil
}

// Unsubscribe is unsubscribe, 成员取消关注事件. A member has left the
// app's visible range or the corp, or was disabled.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type Unsubscribe struct {
	Head

	EventKey string // empty
}

// EventName implements Event.
func (*Unsubscribe) EventName() string { return NameUnsubscribe }

func (e *Unsubscribe) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	}
	return nil
}

// EnterAgent is enter_agent, 进入应用. A member has opened the app.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to.
type EnterAgent struct {
	Head

	EventKey string // empty
}

// EventName implements Event.
func (*EnterAgent) EventName() string { return NameEnterAgent }

func (e *EnterAgent) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	}
	return nil
}

// Location is LOCATION, 上报地理位置. A member's client reports where it
// is.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; upper case; can be
// replied to.
type Location struct {
	Head

	Latitude  float64 // latitude in degrees
	Longitude float64 // longitude in degrees
	Precision float64 // precision of the position
	AppType   string  // wxwork in WeCom, absent in WeChat
}

// EventName implements Event.
func (*Location) EventName() string { return NameLocation }

func (e *Location) field(name []byte) any {
	switch string(name) {
	case "latitude":
		return &e.Latitude
	case "longitude":
		return &e.Longitude
	case "precision":
		return &e.Precision
	case "apptype":
		return &e.AppType
	}
	return nil
}

// BatchJobResult is batch_job_result, 异步任务完成事件推送. A job
// that was started by API has finished: an import or an export of contacts, or
// a translation of ids.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; FromUserName is sys
// for exports (96298).
//
// By InfoType on the command URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/94956; exports of
// contacts; no AuthCorpId, the corp is the one whose job it is.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/91875; translation of ids;
// neither ErrCode nor ErrMsg.
type BatchJobResult struct {
	Head

	BatchJob BatchJob
}

// EventName implements Event.
func (*BatchJobResult) EventName() string { return NameBatchJobResult }

func (e *BatchJobResult) field(name []byte) any {
	switch string(name) {
	case "batchjob":
		return &e.BatchJob
	}
	return nil
}

// Click is click, 点击菜单拉取消息的事件推送. A member has chosen
// a menu item that asks for a message.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to.
type Click struct {
	Head

	EventKey string // the key of the menu item
}

// EventName implements Event.
func (*Click) EventName() string { return NameClick }

func (e *Click) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	}
	return nil
}

// View is view, 点击菜单跳转链接的事件推送. A member has chosen a
// menu item that opens a page.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to.
type View struct {
	Head

	EventKey string // the URL it opens
}

// EventName implements Event.
func (*View) EventName() string { return NameView }

func (e *View) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	}
	return nil
}

// ViewMiniprogram is view_miniprogram,
// 点击菜单跳转小程序的事件推送. A member has chosen a menu item
// that opens a mini program.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to.
type ViewMiniprogram struct {
	Head

	EventKey string // the path in the mini program
}

// EventName implements Event.
func (*ViewMiniprogram) EventName() string { return NameViewMiniprogram }

func (e *ViewMiniprogram) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	}
	return nil
}

// ScancodePush is scancode_push, 扫码推事件的事件推送. A member has
// scanned a code by a menu item.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type ScancodePush struct {
	Head

	EventKey     string // the key of the menu item
	ScanCodeInfo ScanCodeInfo
}

// EventName implements Event.
func (*ScancodePush) EventName() string { return NameScancodePush }

func (e *ScancodePush) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "scancodeinfo":
		return &e.ScanCodeInfo
	}
	return nil
}

// ScancodeWaitmsg is scancode_waitmsg,
// 扫码推事件且弹出“消息接收中”提示框的事件推送. A
// member has scanned a code by a menu item and waits for a message.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to.
type ScancodeWaitmsg struct {
	Head

	EventKey     string // the key of the menu item
	ScanCodeInfo ScanCodeInfo
}

// EventName implements Event.
func (*ScancodeWaitmsg) EventName() string { return NameScancodeWaitmsg }

func (e *ScancodeWaitmsg) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "scancodeinfo":
		return &e.ScanCodeInfo
	}
	return nil
}

// PicSysphoto is pic_sysphoto, 弹出系统拍照发图的事件推送. A
// member has taken pictures by a menu item that opens the camera.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type PicSysphoto struct {
	Head

	EventKey     string // the key of the menu item
	SendPicsInfo SendPicsInfo
}

// EventName implements Event.
func (*PicSysphoto) EventName() string { return NamePicSysphoto }

func (e *PicSysphoto) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "sendpicsinfo":
		return &e.SendPicsInfo
	}
	return nil
}

// PicPhotoOrAlbum is pic_photo_or_album,
// 弹出拍照或者相册发图的事件推送. A member has taken or chosen
// pictures by a menu item that opens the camera or the album.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type PicPhotoOrAlbum struct {
	Head

	EventKey     string // the key of the menu item
	SendPicsInfo SendPicsInfo
}

// EventName implements Event.
func (*PicPhotoOrAlbum) EventName() string { return NamePicPhotoOrAlbum }

func (e *PicPhotoOrAlbum) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "sendpicsinfo":
		return &e.SendPicsInfo
	}
	return nil
}

// PicWeixin is pic_weixin, 弹出微信相册发图器的事件推送. A member
// has chosen pictures by a menu item that opens the album.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type PicWeixin struct {
	Head

	EventKey     string // the key of the menu item
	SendPicsInfo SendPicsInfo
}

// EventName implements Event.
func (*PicWeixin) EventName() string { return NamePicWeixin }

func (e *PicWeixin) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "sendpicsinfo":
		return &e.SendPicsInfo
	}
	return nil
}

// LocationSelect is location_select,
// 弹出地理位置选择器的事件推送. A member has chosen a place by a
// menu item.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type LocationSelect struct {
	Head

	EventKey         string // the key of the menu item
	SendLocationInfo SendLocationInfo
	AppType          string // wxwork in WeCom, absent in WeChat
}

// EventName implements Event.
func (*LocationSelect) EventName() string { return NameLocationSelect }

func (e *LocationSelect) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "sendlocationinfo":
		return &e.SendLocationInfo
	case "apptype":
		return &e.AppType
	}
	return nil
}

// OpenApprovalChange is open_approval_change, 审批状态通知事件. An
// application made through the approval engine of the app itself has changed,
// or an approver has acted.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; the customized page
// is 96468; the approval-engine page writes ItemUserid and ApproverStep.
type OpenApprovalChange struct {
	Head

	ApprovalInfo OpenApprovalChangeApprovalInfo
}

// EventName implements Event.
func (*OpenApprovalChange) EventName() string { return NameOpenApprovalChange }

func (e *OpenApprovalChange) field(name []byte) any {
	switch string(name) {
	case "approvalinfo":
		return &e.ApprovalInfo
	}
	return nil
}

// TemplateCardEvent is template_card_event, 模板卡片事件推送. A member
// has pressed a button of a template card.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to,
// though the dependable way to update the card is the ResponseCode.
type TemplateCardEvent struct {
	Head

	EventKey      string // key of the button or menu item
	TaskID        string // the card, by the task_id it was sent with
	CardType      string // text_notice, news_notice, button_interaction, vote_interaction or multiple_interaction
	ResponseCode  string // secret: lets the card be updated, good for 72 hours and once
	SelectedItems []SelectedItem
}

// EventName implements Event.
func (*TemplateCardEvent) EventName() string { return NameTemplateCardEvent }

func (e *TemplateCardEvent) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "taskid":
		return &e.TaskID
	case "cardtype":
		return &e.CardType
	case "responsecode":
		return &e.ResponseCode
	case "selecteditems":
		return wrapped{(*structs[SelectedItem, *SelectedItem])(&e.SelectedItems)}
	}
	return nil
}

// TemplateCardMenuEvent is template_card_menu_event,
// 通用模板卡片右上角菜单事件推送. A member has chosen from the
// menu in the corner of a template card.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; can be replied to.
type TemplateCardMenuEvent struct {
	Head

	EventKey     string // key of the button or menu item
	TaskID       string // the card, by the task_id it was sent with
	CardType     string // text_notice, news_notice or button_interaction
	ResponseCode string // secret: lets the card be updated, good for 72 hours and once
}

// EventName implements Event.
func (*TemplateCardMenuEvent) EventName() string { return NameTemplateCardMenuEvent }

func (e *TemplateCardMenuEvent) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "taskid":
		return &e.TaskID
	case "cardtype":
		return &e.CardType
	case "responsecode":
		return &e.ResponseCode
	}
	return nil
}

// InactiveAlert is inactive_alert, 长期未使用应用停用预警事件. The
// app will be disabled in a corp because nobody has used it for long.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type InactiveAlert struct {
	Head

	EffectTime time.Time // when that happens
}

// EventName implements Event.
func (*InactiveAlert) EventName() string { return NameInactiveAlert }

func (e *InactiveAlert) field(name []byte) any {
	switch string(name) {
	case "effecttime":
		return &e.EffectTime
	}
	return nil
}

// CloseInactiveAgent is close_inactive_agent,
// 长期未使用应用临时停用事件. The app has been disabled in a corp
// because nobody has used it for long.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type CloseInactiveAgent struct {
	Head
}

// EventName implements Event.
func (*CloseInactiveAgent) EventName() string { return NameCloseInactiveAgent }

func (*CloseInactiveAgent) field([]byte) any { return nil }

// ReopenInactiveAgent is reopen_inactive_agent,
// 长期未使用应用重新启用事件. An administrator has enabled the app
// again after it was disabled for disuse.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; FromUserName is the
// administrator.
type ReopenInactiveAgent struct {
	Head
}

// EventName implements Event.
func (*ReopenInactiveAgent) EventName() string { return NameReopenInactiveAgent }

func (*ReopenInactiveAgent) field([]byte) any { return nil }

// LowActiveAlert is low_active_alert, 应用低活跃预警事件. The app's
// access to a corp's customer data will be limited because the app is little
// used.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type LowActiveAlert struct {
	Head

	EffectTime time.Time // when that happens
}

// EventName implements Event.
func (*LowActiveAlert) EventName() string { return NameLowActiveAlert }

func (e *LowActiveAlert) field(name []byte) any {
	switch string(name) {
	case "effecttime":
		return &e.EffectTime
	}
	return nil
}

// LowActive is low_active, 低活跃应用事件. The app counts as little used
// in a corp now.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type LowActive struct {
	Head
}

// EventName implements Event.
func (*LowActive) EventName() string { return NameLowActive }

func (*LowActive) field([]byte) any { return nil }

// ActiveRestored is active_restored, 低活跃应用活跃恢复事件. The app
// is used enough in a corp again.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376.
type ActiveRestored struct {
	Head
}

// EventName implements Event.
func (*ActiveRestored) EventName() string { return NameActiveRestored }

func (*ActiveRestored) field([]byte) any { return nil }

// TaskcardClick is taskcard_click, 任务卡片事件推送. A member has
// pressed a button of a task card.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90376; retired.
type TaskcardClick struct {
	Head

	EventKey string // key of the button
	TaskID   string // the card, by the task_id it was sent with
}

// EventName implements Event.
func (*TaskcardClick) EventName() string { return NameTaskcardClick }

func (e *TaskcardClick) field(name []byte) any {
	switch string(name) {
	case "eventkey":
		return &e.EventKey
	case "taskid":
		return &e.TaskID
	}
	return nil
}

// MsgAuditApproved is change_external_contact with ChangeType
// msg_audit_approved, 客户同意进行聊天内容存档事件回调. A
// customer has agreed that the chat with a member is archived.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/92005; third-party and
// customized apps get chat_archive_audit_approved_single.
type MsgAuditApproved struct {
	Head

	UserID         string // the member who serves the customer
	ExternalUserID string // the external contact
	WelcomeCode    string // secret: lets one welcome message be sent within about 20 seconds; absent once used or once they chat
}

// EventName implements Event.
func (*MsgAuditApproved) EventName() string { return NameMsgAuditApproved }

func (e *MsgAuditApproved) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "externaluserid":
		return &e.ExternalUserID
	case "welcomecode":
		return &e.WelcomeCode
	}
	return nil
}

// UnlicensedNotify is unlicensed_notify, 接口许可失效通知. A member
// without an interface licence uses the app.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/95716; can be replied to;
// FromUserName is the member.
type UnlicensedNotify struct {
	Head
}

// EventName implements Event.
func (*UnlicensedNotify) EventName() string { return NameUnlicensedNotify }

func (*UnlicensedNotify) field([]byte) any { return nil }

// ChangeAppAdmin is change_app_admin, 应用管理员变更通知. The
// administrators of the app in a corp have changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/95038; the data URL, not
// the command URL.
type ChangeAppAdmin struct {
	Head
}

// EventName implements Event.
func (*ChangeAppAdmin) EventName() string { return NameChangeAppAdmin }

func (*ChangeAppAdmin) field([]byte) any { return nil }

// MessageText is a message with MsgType text, 文本消息. A member has sent
// the app a text.
//
// By MsgType on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90375; can be replied to.
type MessageText struct {
	Head

	Content string // the text
	MsgID   int64  // the message; use it to notice repeats
}

// EventName implements Event.
func (*MessageText) EventName() string { return NameMessageText }

func (e *MessageText) field(name []byte) any {
	switch string(name) {
	case "content":
		return &e.Content
	case "msgid":
		return &e.MsgID
	}
	return nil
}

// MessageImage is a message with MsgType image, 图片消息. A member has sent
// the app a picture.
//
// By MsgType on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90375; can be replied to.
type MessageImage struct {
	Head

	PicURL  string // URL of the picture
	MediaID string // the file, to be fetched within 3 days
	MsgID   int64  // the message; use it to notice repeats
}

// EventName implements Event.
func (*MessageImage) EventName() string { return NameMessageImage }

func (e *MessageImage) field(name []byte) any {
	switch string(name) {
	case "picurl":
		return &e.PicURL
	case "mediaid":
		return &e.MediaID
	case "msgid":
		return &e.MsgID
	}
	return nil
}

// MessageVoice is a message with MsgType voice, 语音消息. A member has sent
// the app a voice message.
//
// By MsgType on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90375; can be replied to.
type MessageVoice struct {
	Head

	MediaID string // the file, to be fetched within 3 days
	Format  string // amr, speex and the like
	MsgID   int64  // the message; use it to notice repeats
}

// EventName implements Event.
func (*MessageVoice) EventName() string { return NameMessageVoice }

func (e *MessageVoice) field(name []byte) any {
	switch string(name) {
	case "mediaid":
		return &e.MediaID
	case "format":
		return &e.Format
	case "msgid":
		return &e.MsgID
	}
	return nil
}

// MessageVideo is a message with MsgType video, 视频消息. A member has sent
// the app a video.
//
// By MsgType on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90375; can be replied to.
type MessageVideo struct {
	Head

	MediaID      string // the file, to be fetched within 3 days
	ThumbMediaID string // the thumbnail, to be fetched within 3 days
	MsgID        int64  // the message; use it to notice repeats
}

// EventName implements Event.
func (*MessageVideo) EventName() string { return NameMessageVideo }

func (e *MessageVideo) field(name []byte) any {
	switch string(name) {
	case "mediaid":
		return &e.MediaID
	case "thumbmediaid":
		return &e.ThumbMediaID
	case "msgid":
		return &e.MsgID
	}
	return nil
}

// MessageLocation is a message with MsgType location, 位置消息. A member
// has sent the app a place.
//
// By MsgType on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90375; can be replied to.
type MessageLocation struct {
	Head

	LocationX float64 // latitude in degrees
	LocationY float64 // longitude in degrees
	Scale     int     // zoom of the map
	Label     string  // address of the place
	MsgID     int64   // the message; use it to notice repeats
	AppType   string  // wxwork in WeCom, absent in WeChat
}

// EventName implements Event.
func (*MessageLocation) EventName() string { return NameMessageLocation }

func (e *MessageLocation) field(name []byte) any {
	switch string(name) {
	case "location_x":
		return &e.LocationX
	case "location_y":
		return &e.LocationY
	case "scale":
		return &e.Scale
	case "label":
		return &e.Label
	case "msgid":
		return &e.MsgID
	case "apptype":
		return &e.AppType
	}
	return nil
}

// MessageLink is a message with MsgType link, 链接消息. A member has sent
// the app a link.
//
// By MsgType on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/90375; can be replied to.
type MessageLink struct {
	Head

	Title       string // title
	Description string // description
	URL         string // URL it leads to
	PicURL      string // URL of the cover picture
	MsgID       int64  // the message; use it to notice repeats
}

// EventName implements Event.
func (*MessageLink) EventName() string { return NameMessageLink }

func (e *MessageLink) field(name []byte) any {
	switch string(name) {
	case "title":
		return &e.Title
	case "description":
		return &e.Description
	case "url":
		return &e.URL
	case "picurl":
		return &e.PicURL
	case "msgid":
		return &e.MsgID
	}
	return nil
}

// ProgramNotify is program_notify, 应用接收专区通知. A program of the
// corp's data zone (数据与智能专区) notifies the app.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/99843; the customized page
// is 100048.
type ProgramNotify struct {
	Head

	NotifyID    string // to call the program with, good for 10 minutes, at most 128 bytes
	NotifyScene int    // the scene the program gave, 0 to 255
}

// EventName implements Event.
func (*ProgramNotify) EventName() string { return NameProgramNotify }

func (e *ProgramNotify) field(name []byte) any {
	switch string(name) {
	case "notifyid":
		return &e.NotifyID
	case "notifyscene":
		return &e.NotifyScene
	}
	return nil
}

// MsgauditNotify is msgaudit_notify, 产生会话回调事件. There are new
// messages to archive; at most every 15 seconds.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95039; third-party and
// customized apps get conversation_new_message.
type MsgauditNotify struct {
	Head
}

// EventName implements Event.
func (*MsgauditNotify) EventName() string { return NameMsgauditNotify }

func (*MsgauditNotify) field([]byte) any { return nil }

// DeviceDataAuthChange is device_data_auth_change,
// 设备数据授权变更回调. A corp has changed which devices' data the
// app may have.
//
// By InfoType on the data URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/96103; the data URL
// although the envelope is the command one; receiveid not stated; WeCom waits
// 1000 ms.
type DeviceDataAuthChange struct {
	Head
}

// EventName implements Event.
func (*DeviceDataAuthChange) EventName() string { return NameDeviceDataAuthChange }

func (*DeviceDataAuthChange) field([]byte) any { return nil }

// KfMsgOrEvent is kf_msg_or_event, 微信客服接收消息和事件. A
// WeCom-KF account of the corp has new messages or events, to be fetched with
// kf/sync_msg, for the last 3 days.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/96426; no FromUserName;
// the third-party page is 94699.
type KfMsgOrEvent struct {
	Head

	Token    string // secret: fetches the messages, good for 10 minutes, at most 128 bytes
	OpenKfID string // the WeCom-KF account
}

// EventName implements Event.
func (*KfMsgOrEvent) EventName() string { return NameKfMsgOrEvent }

func (e *KfMsgOrEvent) field(name []byte) any {
	switch string(name) {
	case "token":
		return &e.Token
	case "openkfid":
		return &e.OpenKfID
	}
	return nil
}

// KfAccountAuthChange is kf_account_auth_change,
// 客服账号授权变更事件. A corp has changed which WeCom-KF accounts
// the app may manage.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97713; the third-party
// page is 97302.
type KfAccountAuthChange struct {
	Head

	AuthAddOpenKfID []string // a WeCom-KF account granted
	AuthDelOpenKfID []string // a WeCom-KF account withdrawn
}

// EventName implements Event.
func (*KfAccountAuthChange) EventName() string { return NameKfAccountAuthChange }

func (e *KfAccountAuthChange) field(name []byte) any {
	switch string(name) {
	case "authaddopenkfid":
		return &e.AuthAddOpenKfID
	case "authdelopenkfid":
		return &e.AuthDelOpenKfID
	}
	return nil
}

// DeleteCalendar is delete_calendar, 删除日历事件. A calendar the app
// made has been deleted.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97806; the customized page
// is 97771.
type DeleteCalendar struct {
	Head

	CalID string // the calendar
}

// EventName implements Event.
func (*DeleteCalendar) EventName() string { return NameDeleteCalendar }

func (e *DeleteCalendar) field(name []byte) any {
	switch string(name) {
	case "calid":
		return &e.CalID
	}
	return nil
}

// ModifyCalendar is modify_calendar, 修改日历事件. A calendar the app
// made has been changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97808; the customized page
// is 97772.
type ModifyCalendar struct {
	Head

	CalID string // the calendar
}

// EventName implements Event.
func (*ModifyCalendar) EventName() string { return NameModifyCalendar }

func (e *ModifyCalendar) field(name []byte) any {
	switch string(name) {
	case "calid":
		return &e.CalID
	}
	return nil
}

// ModifySchedule is modify_schedule, 修改日程事件. A schedule the app
// made has been changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97809; the customized page
// is 97773.
type ModifySchedule struct {
	Head

	CalID      string // the calendar
	ScheduleID string // the schedule
}

// EventName implements Event.
func (*ModifySchedule) EventName() string { return NameModifySchedule }

func (e *ModifySchedule) field(name []byte) any {
	switch string(name) {
	case "calid":
		return &e.CalID
	case "scheduleid":
		return &e.ScheduleID
	}
	return nil
}

// DeleteSchedule is delete_schedule, 删除日程事件. A schedule in a
// calendar the app made has been deleted.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97810; the customized page
// is 97774.
type DeleteSchedule struct {
	Head

	CalID      string // the calendar
	ScheduleID string // the schedule
}

// EventName implements Event.
func (*DeleteSchedule) EventName() string { return NameDeleteSchedule }

func (e *DeleteSchedule) field(name []byte) any {
	switch string(name) {
	case "calid":
		return &e.CalID
	case "scheduleid":
		return &e.ScheduleID
	}
	return nil
}

// RespondSchedule is respond_schedule, 日程回执事件. A member has
// accepted, declined or left open a schedule the app made.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/98099; can be replied to;
// FromUserName is the member who responds; the customized page is 98110.
type RespondSchedule struct {
	Head

	CalID      string // the calendar
	ScheduleID string // the schedule
}

// EventName implements Event.
func (*RespondSchedule) EventName() string { return NameRespondSchedule }

func (e *RespondSchedule) field(name []byte) any {
	switch string(name) {
	case "calid":
		return &e.CalID
	case "scheduleid":
		return &e.ScheduleID
	}
	return nil
}

// AddSchedule is add_schedule, 添加日程事件. A schedule has been added to
// a calendar the app made.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/93704 (not verified on an
// official page); the page is gone.
type AddSchedule struct {
	Head

	CalID      string // the calendar
	ScheduleID string // the schedule
}

// EventName implements Event.
func (*AddSchedule) EventName() string { return NameAddSchedule }

func (e *AddSchedule) field(name []byte) any {
	switch string(name) {
	case "calid":
		return &e.CalID
	case "scheduleid":
		return &e.ScheduleID
	}
	return nil
}

// ModifyMeeting is meeting_change with ChangeType modify_meeting,
// 修改会议事件. A meeting the app made has been changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97459; FromUserName is the
// member who does it; the third-party page is 97451.
type ModifyMeeting struct {
	Head

	MeetingID string // the meeting
}

// EventName implements Event.
func (*ModifyMeeting) EventName() string { return NameModifyMeeting }

func (e *ModifyMeeting) field(name []byte) any {
	switch string(name) {
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// CancelMeeting is meeting_change with ChangeType cancel_meeting,
// 取消会议事件. A meeting the app made has been cancelled.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97459; FromUserName is the
// member who does it; the third-party page is 97451.
type CancelMeeting struct {
	Head

	MeetingID string // the meeting
}

// EventName implements Event.
func (*CancelMeeting) EventName() string { return NameCancelMeeting }

func (e *CancelMeeting) field(name []byte) any {
	switch string(name) {
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// MeetingStart is meeting_change with ChangeType meeting_start,
// 会议开始事件. A meeting the app made has begun.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98333.
type MeetingStart struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*MeetingStart) EventName() string { return NameMeetingStart }

func (e *MeetingStart) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// MeetingEnd is meeting_change with ChangeType meeting_end, 会议结束事件.
// A meeting the app made has ended.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98337.
type MeetingEnd struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*MeetingEnd) EventName() string { return NameMeetingEnd }

func (e *MeetingEnd) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// MeetingMuteAll is meeting_change with ChangeType meeting_mute_all,
// 会议全体静音事件. All participants of a meeting the app made have
// been muted.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98341.
type MeetingMuteAll struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*MeetingMuteAll) EventName() string { return NameMeetingMuteAll }

func (e *MeetingMuteAll) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// MeetingUnmuteAll is meeting_change with ChangeType meeting_unmute_all,
// 会议解除全体静音事件. The participants of a meeting the app made
// are no longer all muted.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98345.
type MeetingUnmuteAll struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*MeetingUnmuteAll) EventName() string { return NameMeetingUnmuteAll }

func (e *MeetingUnmuteAll) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// JoinMeeting is meeting_change with ChangeType join_meeting,
// 成员入会事件. Somebody has joined a meeting the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98348.
type JoinMeeting struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*JoinMeeting) EventName() string { return NameJoinMeeting }

func (e *JoinMeeting) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// QuitMeeting is meeting_change with ChangeType quit_meeting,
// 成员离会事件. Somebody has left a meeting the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98352.
type QuitMeeting struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*QuitMeeting) EventName() string { return NameQuitMeeting }

func (e *QuitMeeting) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// JoinMeetingBeforeHost is meeting_change with ChangeType
// join_meeting_before_host, 成员等待主持人入会事件. Somebody waits
// for the host to come to a meeting the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98353.
type JoinMeetingBeforeHost struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*JoinMeetingBeforeHost) EventName() string { return NameJoinMeetingBeforeHost }

func (e *JoinMeetingBeforeHost) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// JoinWaitingRoom is meeting_change with ChangeType join_waiting_room,
// 成员进入等候室事件. Somebody has come into the waiting room of a
// meeting the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98354.
type JoinWaitingRoom struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*JoinWaitingRoom) EventName() string { return NameJoinWaitingRoom }

func (e *JoinWaitingRoom) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// QuitWaitingRoom is meeting_change with ChangeType quit_waiting_room,
// 成员离开等候室事件. Somebody has left the waiting room of a meeting
// the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98355.
type QuitWaitingRoom struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	OperatedUser      QuitWaitingRoomOperatedUser
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*QuitWaitingRoom) EventName() string { return NameQuitWaitingRoom }

func (e *QuitWaitingRoom) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "operateduser":
		return &e.OperatedUser
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// JoinFromMeetingRoom is meeting_change with ChangeType join_from_meeting_room,
// 成员从等候室进入会议事件. Somebody has come from the waiting room
// into a meeting the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98393.
type JoinFromMeetingRoom struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	OperatedUser      JoinFromMeetingRoomOperatedUser
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*JoinFromMeetingRoom) EventName() string { return NameJoinFromMeetingRoom }

func (e *JoinFromMeetingRoom) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "operateduser":
		return &e.OperatedUser
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// MoveToWaitingRoom is meeting_change with ChangeType move_to_waiting_room,
// 成员从会议中被移入等候室事件. Somebody has been moved from a
// meeting the app made to its waiting room.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98394.
type MoveToWaitingRoom struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	OperatedUser      MoveToWaitingRoomOperatedUser
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*MoveToWaitingRoom) EventName() string { return NameMoveToWaitingRoom }

func (e *MoveToWaitingRoom) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "operateduser":
		return &e.OperatedUser
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// OpenScreenShare is meeting_change with ChangeType open_screen_share,
// 共享屏幕开启事件. Somebody has begun to share the screen in a meeting
// the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98395.
type OpenScreenShare struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*OpenScreenShare) EventName() string { return NameOpenScreenShare }

func (e *OpenScreenShare) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// CloseScreenShare is meeting_change with ChangeType close_screen_share,
// 共享屏幕结束事件. Somebody has stopped to share the screen in a
// meeting the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98396.
type CloseScreenShare struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*CloseScreenShare) EventName() string { return NameCloseScreenShare }

func (e *CloseScreenShare) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// RoleChange is meeting_change with ChangeType role_change,
// 会议成员角色变更事件. The role of a participant of a meeting the
// app made has changed.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98397.
type RoleChange struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	OperatedUser      RoleChangeOperatedUser
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*RoleChange) EventName() string { return NameRoleChange }

func (e *RoleChange) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "operateduser":
		return &e.OperatedUser
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// WebinarRoleChange is meeting_change with ChangeType webinar_role_change,
// 网络研讨会成员角色变更事件. The role of a participant of a
// webinar the app made has changed.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98771.
type WebinarRoleChange struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	OperatedUser      WebinarRoleChangeOperatedUser
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*WebinarRoleChange) EventName() string { return NameWebinarRoleChange }

func (e *WebinarRoleChange) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "operateduser":
		return &e.OperatedUser
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// WebinarWarmUpUpload is meeting_change with ChangeType webinar_warm_up_upload,
// 网络研讨会暖场上传结果. The warm-up picture or video of a webinar
// the app made has been uploaded, or could not be.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98773; the sample is not
// well-formed.
type WebinarWarmUpUpload struct {
	Head

	MeetingID  string // the meeting
	WarmUpInfo WarmUpInfo
}

// EventName implements Event.
func (*WebinarWarmUpUpload) EventName() string { return NameWebinarWarmUpUpload }

func (e *WebinarWarmUpUpload) field(name []byte) any {
	switch string(name) {
	case "meetingid":
		return &e.MeetingID
	case "warmupinfo":
		return &e.WarmUpInfo
	}
	return nil
}

// PstnStatusUpdate is meeting_change with ChangeType pstn_status_update, PSTN
// 外呼状态更新事件. A telephone call (PSTN) from a meeting the app made
// has changed its state.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98774.
type PstnStatusUpdate struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
	PstnStatus        string // START_INVITE, START_ACCEPT, LEAVE_WITHOUT_ACCEPT, LEAVE_WITH_ACCEPTED or CANCLE_INVITE (WeCom's spelling)
}

// EventName implements Event.
func (*PstnStatusUpdate) EventName() string { return NamePstnStatusUpdate }

func (e *PstnStatusUpdate) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	case "pstnstatus":
		return &e.PstnStatus
	}
	return nil
}

// MediumUpload is meeting_change with ChangeType medium_upload,
// 素材上传结果. Files for a meeting the app made have been uploaded by
// API, or could not be.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98775; the sample is not
// well-formed.
type MediumUpload struct {
	Head

	MeetingID       string // the meeting
	AllUploadStatus string // true if all were uploaded, false if all must be uploaded again
	UploadInfo      []UploadInfo
}

// EventName implements Event.
func (*MediumUpload) EventName() string { return NameMediumUpload }

func (e *MediumUpload) field(name []byte) any {
	switch string(name) {
	case "meetingid":
		return &e.MeetingID
	case "alluploadstatus":
		return &e.AllUploadStatus
	case "uploadinfo":
		return (*structs[UploadInfo, *UploadInfo])(&e.UploadInfo)
	}
	return nil
}

// StartRecording is meeting_change with ChangeType start_recording,
// 开始云录制事件. The cloud recording of a meeting the app made has
// begun.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98398.
type StartRecording struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*StartRecording) EventName() string { return NameStartRecording }

func (e *StartRecording) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// PauseRecording is meeting_change with ChangeType pause_recording,
// 暂停云录制事件. The cloud recording of a meeting the app made has been
// paused.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98399.
type PauseRecording struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*PauseRecording) EventName() string { return NamePauseRecording }

func (e *PauseRecording) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// ResumeRecording is meeting_change with ChangeType resume_recording,
// 恢复云录制事件. The cloud recording of a meeting the app made goes on.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98400.
type ResumeRecording struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*ResumeRecording) EventName() string { return NameResumeRecording }

func (e *ResumeRecording) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// StopRecording is meeting_change with ChangeType stop_recording,
// 停止云录制事件. The cloud recording of a meeting the app made has
// stopped.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98401.
type StopRecording struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*StopRecording) EventName() string { return NameStopRecording }

func (e *StopRecording) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// RecordingComplete is meeting_change with ChangeType recording_complete,
// 云录制已完成事件. The cloud recording of a meeting the app made is
// ready.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98402.
type RecordingComplete struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*RecordingComplete) EventName() string { return NameRecordingComplete }

func (e *RecordingComplete) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// DeleteRecording is meeting_change with ChangeType delete_recording,
// 删除云录制事件. A cloud recording of a meeting the app made has been
// deleted.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98404.
type DeleteRecording struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
}

// EventName implements Event.
func (*DeleteRecording) EventName() string { return NameDeleteRecording }

func (e *DeleteRecording) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	}
	return nil
}

// Enroll is meeting_change with ChangeType enroll, 用户报名事件. Somebody
// has enrolled for a meeting or webinar the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98781.
type Enroll struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
	EnrollID          string // the enrolment
}

// EventName implements Event.
func (*Enroll) EventName() string { return NameEnroll }

func (e *Enroll) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	case "enrollid":
		return &e.EnrollID
	}
	return nil
}

// CancelEnroll is meeting_change with ChangeType cancel_enroll,
// 用户取消报名事件. Somebody has cancelled the enrolment for a meeting
// or webinar the app made.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98782.
type CancelEnroll struct {
	Head

	FromUserTmpOpenID string // id within the meeting of the one who does it; absent if the system does
	MeetingID         string // the meeting
	EnrollID          string // the enrolment
}

// EventName implements Event.
func (*CancelEnroll) EventName() string { return NameCancelEnroll }

func (e *CancelEnroll) field(name []byte) any {
	switch string(name) {
	case "fromusertmpopenid":
		return &e.FromUserTmpOpenID
	case "meetingid":
		return &e.MeetingID
	case "enrollid":
		return &e.EnrollID
	}
	return nil
}

// MeetingRoomResponse is meeting_change with ChangeType meeting_room_response,
// 会议室应答事件. A meeting room that a meeting the app made has called
// has answered.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/98783.
type MeetingRoomResponse struct {
	Head

	MeetingID          string // the meeting
	MeetingRoomID      string // the meeting room; absent if MraAddress is there
	MraAddress         MraAddress
	RoomResponseStatus int // 0 no answer, 2 joined, 3 refused, 5 call cancelled
}

// EventName implements Event.
func (*MeetingRoomResponse) EventName() string { return NameMeetingRoomResponse }

func (e *MeetingRoomResponse) field(name []byte) any {
	switch string(name) {
	case "meetingid":
		return &e.MeetingID
	case "meetingroomid":
		return &e.MeetingRoomID
	case "mraaddress":
		return &e.MraAddress
	case "roomresponsestatus":
		return &e.RoomResponseStatus
	}
	return nil
}

// StartMeeting is meeting_statistics with ChangeType start_meeting,
// 会议发起事件. A member has begun a quick meeting, or been the first to
// come to a booked one.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/99648; the sample is not
// well-formed.
type StartMeeting struct {
	Head

	Status int // 1 begun, 2 failed
}

// EventName implements Event.
func (*StartMeeting) EventName() string { return NameStartMeeting }

func (e *StartMeeting) field(name []byte) any {
	switch string(name) {
	case "status":
		return &e.Status
	}
	return nil
}

// DocMemberChange is doc_change with ChangeType doc_member_change,
// 修改文档成员事件. Members have been added to a document the app made.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97839; the customized page
// is 97836.
type DocMemberChange struct {
	Head

	DocID []string // a document
}

// EventName implements Event.
func (*DocMemberChange) EventName() string { return NameDocMemberChange }

func (e *DocMemberChange) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	}
	return nil
}

// DeleteDoc is doc_change with ChangeType delete_doc, 删除文档事件. A
// document the app made has been deleted.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97840; the customized page
// is 97837.
type DeleteDoc struct {
	Head

	DocID []string // a document
}

// EventName implements Event.
func (*DeleteDoc) EventName() string { return NameDeleteDoc }

func (e *DeleteDoc) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	}
	return nil
}

// FormComplete is doc_change with ChangeType form_complete,
// 收集表完成事件. A member has filled in a form the app made.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97841; the customized page
// is 97838.
type FormComplete struct {
	Head

	FormID []string // a form
}

// EventName implements Event.
func (*FormComplete) EventName() string { return NameFormComplete }

func (e *FormComplete) field(name []byte) any {
	switch string(name) {
	case "formid":
		return &e.FormID
	}
	return nil
}

// DeleteForm is doc_change with ChangeType delete_form, 删除收集表事件.
// A form the app made has been deleted.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/98055; the customized page
// is 98097.
type DeleteForm struct {
	Head

	FormID []string // a form
}

// EventName implements Event.
func (*DeleteForm) EventName() string { return NameDeleteForm }

func (e *DeleteForm) field(name []byte) any {
	switch string(name) {
	case "formid":
		return &e.FormID
	}
	return nil
}

// FormSettingsChange is doc_change with ChangeType form_settings_change,
// 修改收集表设置事件. The settings of a form the app made have been
// changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/98056; the customized page
// is 98098.
type FormSettingsChange struct {
	Head

	FormID []string // a form
}

// EventName implements Event.
func (*FormSettingsChange) EventName() string { return NameFormSettingsChange }

func (e *FormSettingsChange) field(name []byte) any {
	switch string(name) {
	case "formid":
		return &e.FormID
	}
	return nil
}

// AddFiled is smart_sheet_change with ChangeType add_filed, 字段变更事件.
// Fields have been added to a smart sheet the app made; WeCom spells it filed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/101016; FromUserName may
// be the tmp_external_userid of an outsider; the customized page is 101018.
type AddFiled struct {
	Head

	DocID   string   // the smart sheet document
	SheetID string   // the sheet in it
	FieldID []string // a field (column), at most 1000 a push
}

// EventName implements Event.
func (*AddFiled) EventName() string { return NameAddFiled }

func (e *AddFiled) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	case "sheetid":
		return &e.SheetID
	case "fieldid":
		return &e.FieldID
	}
	return nil
}

// UpdateFiled is smart_sheet_change with ChangeType update_filed,
// 字段变更事件. Fields have been changed in a smart sheet the app made;
// WeCom spells it filed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/101016; FromUserName may
// be the tmp_external_userid of an outsider; the customized page is 101018.
type UpdateFiled struct {
	Head

	DocID   string   // the smart sheet document
	SheetID string   // the sheet in it
	FieldID []string // a field (column), at most 1000 a push
}

// EventName implements Event.
func (*UpdateFiled) EventName() string { return NameUpdateFiled }

func (e *UpdateFiled) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	case "sheetid":
		return &e.SheetID
	case "fieldid":
		return &e.FieldID
	}
	return nil
}

// DeleteFiled is smart_sheet_change with ChangeType delete_filed,
// 字段变更事件. Fields have been deleted from a smart sheet the app made;
// WeCom spells it filed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/101016; FromUserName may
// be the tmp_external_userid of an outsider; the customized page is 101018.
type DeleteFiled struct {
	Head

	DocID   string   // the smart sheet document
	SheetID string   // the sheet in it
	FieldID []string // a field (column), at most 1000 a push
}

// EventName implements Event.
func (*DeleteFiled) EventName() string { return NameDeleteFiled }

func (e *DeleteFiled) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	case "sheetid":
		return &e.SheetID
	case "fieldid":
		return &e.FieldID
	}
	return nil
}

// AddRecord is smart_sheet_change with ChangeType add_record,
// 记录变更事件. Records have been added to a smart sheet the app made.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/101017; FromUserName may
// be the tmp_external_userid of an outsider; the customized page is 101019.
type AddRecord struct {
	Head

	DocID    string   // the smart sheet document
	SheetID  string   // the sheet in it
	RecordID []string // a record (row), at most 1000 a push
}

// EventName implements Event.
func (*AddRecord) EventName() string { return NameAddRecord }

func (e *AddRecord) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	case "sheetid":
		return &e.SheetID
	case "recordid":
		return &e.RecordID
	}
	return nil
}

// UpdateRecord is smart_sheet_change with ChangeType update_record,
// 记录变更事件. Records have been changed in a smart sheet the app made.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/101017; FromUserName may
// be the tmp_external_userid of an outsider; the customized page is 101019.
type UpdateRecord struct {
	Head

	DocID    string   // the smart sheet document
	SheetID  string   // the sheet in it
	RecordID []string // a record (row), at most 1000 a push
}

// EventName implements Event.
func (*UpdateRecord) EventName() string { return NameUpdateRecord }

func (e *UpdateRecord) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	case "sheetid":
		return &e.SheetID
	case "recordid":
		return &e.RecordID
	}
	return nil
}

// DeleteRecord is smart_sheet_change with ChangeType delete_record,
// 记录变更事件. Records have been deleted from a smart sheet the app
// made.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/101017; FromUserName may
// be the tmp_external_userid of an outsider; the customized page is 101019.
type DeleteRecord struct {
	Head

	DocID    string   // the smart sheet document
	SheetID  string   // the sheet in it
	RecordID []string // a record (row), at most 1000 a push
}

// EventName implements Event.
func (*DeleteRecord) EventName() string { return NameDeleteRecord }

func (e *DeleteRecord) field(name []byte) any {
	switch string(name) {
	case "docid":
		return &e.DocID
	case "sheetid":
		return &e.SheetID
	case "recordid":
		return &e.RecordID
	}
	return nil
}

// WedriveInsufficientCapacity is wedrive_insufficient_capacity,
// 微盘容量不足事件. More than 90% of a corp's WeDrive is used; at most
// once a day.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97972; the customized page
// is 97932.
type WedriveInsufficientCapacity struct {
	Head
}

// EventName implements Event.
func (*WedriveInsufficientCapacity) EventName() string { return NameWedriveInsufficientCapacity }

func (*WedriveInsufficientCapacity) field([]byte) any { return nil }

// DismissSpace is wedrive_space_change with ChangeType dismiss_space,
// 解散空间. A WeDrive space the app made has been dissolved.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97976; the customized page
// is 97935; FromUserName is sys on 97973.
type DismissSpace struct {
	Head

	SpaceID []string // a WeDrive space
}

// EventName implements Event.
func (*DismissSpace) EventName() string { return NameDismissSpace }

func (e *DismissSpace) field(name []byte) any {
	switch string(name) {
	case "spaceid":
		return &e.SpaceID
	}
	return nil
}

// SpaceMemberChange is wedrive_space_change with ChangeType
// space_member_change, 修改空间成员. The members of a WeDrive space the
// app made have been changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97977; the customized page
// is 97936.
type SpaceMemberChange struct {
	Head

	SpaceID []string // a WeDrive space
}

// EventName implements Event.
func (*SpaceMemberChange) EventName() string { return NameSpaceMemberChange }

func (e *SpaceMemberChange) field(name []byte) any {
	switch string(name) {
	case "spaceid":
		return &e.SpaceID
	}
	return nil
}

// SpaceSecuritySettingsChange is wedrive_space_change with ChangeType
// space_security_settings_change, 修改空间安全设置. The security
// settings of a WeDrive space the app made have been changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97978; the customized page
// is 97937.
type SpaceSecuritySettingsChange struct {
	Head

	SpaceID []string // a WeDrive space
}

// EventName implements Event.
func (*SpaceSecuritySettingsChange) EventName() string { return NameSpaceSecuritySettingsChange }

func (e *SpaceSecuritySettingsChange) field(name []byte) any {
	switch string(name) {
	case "spaceid":
		return &e.SpaceID
	}
	return nil
}

// CreateFile is wedrive_file_change with ChangeType create_file,
// 文件变更事件. A file has been created in a WeDrive space of the app.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97975; the customized page
// is 97934.
type CreateFile struct {
	Head

	FileID []string // a WeDrive file
}

// EventName implements Event.
func (*CreateFile) EventName() string { return NameCreateFile }

func (e *CreateFile) field(name []byte) any {
	switch string(name) {
	case "fileid":
		return &e.FileID
	}
	return nil
}

// RenameFile is wedrive_file_change with ChangeType rename_file,
// 文件变更事件. A WeDrive file of the app has been renamed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97975; the customized page
// is 97934.
type RenameFile struct {
	Head

	FileID []string // a WeDrive file
}

// EventName implements Event.
func (*RenameFile) EventName() string { return NameRenameFile }

func (e *RenameFile) field(name []byte) any {
	switch string(name) {
	case "fileid":
		return &e.FileID
	}
	return nil
}

// UpdateFile is wedrive_file_change with ChangeType update_file,
// 文件变更事件. The content of a WeDrive file of the app has been
// changed.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97975; the customized page
// is 97934.
type UpdateFile struct {
	Head

	FileID []string // a WeDrive file
}

// EventName implements Event.
func (*UpdateFile) EventName() string { return NameUpdateFile }

func (e *UpdateFile) field(name []byte) any {
	switch string(name) {
	case "fileid":
		return &e.FileID
	}
	return nil
}

// DeleteFile is wedrive_file_change with ChangeType delete_file,
// 文件变更事件. A WeDrive file of the app has been deleted.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97975; the customized page
// is 97934.
type DeleteFile struct {
	Head

	FileID []string // a WeDrive file
}

// EventName implements Event.
func (*DeleteFile) EventName() string { return NameDeleteFile }

func (e *DeleteFile) field(name []byte) any {
	switch string(name) {
	case "fileid":
		return &e.FileID
	}
	return nil
}

// MoveFile is wedrive_file_change with ChangeType move_file,
// 文件变更事件. A WeDrive file of the app has been moved.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97975; the customized page
// is 97934.
type MoveFile struct {
	Head

	FileID []string // a WeDrive file
}

// EventName implements Event.
func (*MoveFile) EventName() string { return NameMoveFile }

func (e *MoveFile) field(name []byte) any {
	switch string(name) {
	case "fileid":
		return &e.FileID
	}
	return nil
}

// LivingStatusChange is living_status_change, 直播回调事件. A live
// broadcast the app made has been booked, begun, ended or cancelled.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/94308; the customized page
// is 96842.
type LivingStatusChange struct {
	Head

	LivingID string // the broadcast
	Status   int    // 0 booked, 1 live, 2 ended, 3 expired, 4 cancelled; 3 is not pushed
}

// EventName implements Event.
func (*LivingStatusChange) EventName() string { return NameLivingStatusChange }

func (e *LivingStatusChange) field(name []byte) any {
	switch string(name) {
	case "livingid":
		return &e.LivingID
	case "status":
		return &e.Status
	}
	return nil
}

// BookMeetingRoom is book_meeting_room, 会议室预定事件. A meeting room
// has been booked; only self-built apps get it.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95333; the sample's
// BookingId ends in a blank.
type BookMeetingRoom struct {
	Head

	MeetingRoomID int64  // the meeting room
	BookingID     string // the booking; older pages have MeetingId in its place
}

// EventName implements Event.
func (*BookMeetingRoom) EventName() string { return NameBookMeetingRoom }

func (e *BookMeetingRoom) field(name []byte) any {
	switch string(name) {
	case "meetingroomid":
		return &e.MeetingRoomID
	case "bookingid", "meetingid":
		return &e.BookingID
	}
	return nil
}

// CancelMeetingRoom is cancel_meeting_room, 会议室取消事件. The booking
// of a meeting room has been cancelled; only self-built apps get it.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95333; the sample's
// BookingId ends in a blank.
type CancelMeetingRoom struct {
	Head

	MeetingRoomID int64  // the meeting room
	BookingID     string // the booking; older pages have MeetingId in its place
}

// EventName implements Event.
func (*CancelMeetingRoom) EventName() string { return NameCancelMeetingRoom }

func (e *CancelMeetingRoom) field(name []byte) any {
	switch string(name) {
	case "meetingroomid":
		return &e.MeetingRoomID
	case "bookingid", "meetingid":
		return &e.BookingID
	}
	return nil
}

// AppEmailChangeReceiveEmail is app_email_change with ChangeType receive_email,
// 应用邮箱接收邮件事件. The app's mailbox has received email.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97506; the third-party
// page is 97517.
type AppEmailChangeReceiveEmail struct {
	Head

	Amount int // how many new emails there are
}

// EventName implements Event.
func (*AppEmailChangeReceiveEmail) EventName() string { return NameAppEmailChangeReceiveEmail }

func (e *AppEmailChangeReceiveEmail) field(name []byte) any {
	switch string(name) {
	case "amount":
		return &e.Amount
	}
	return nil
}

// UploadMediaJobFinish is upload_media_job_finish, 回调异步任务结果. An
// asynchronous upload of media (异步上传临时素材) has finished.
//
// By Event on the data URL, for third-party and customized apps:
// https://developer.work.weixin.qq.com/document/path/97126; the customized page
// is 96488.
type UploadMediaJobFinish struct {
	Head

	JobID string // the job
}

// EventName implements Event.
func (*UploadMediaJobFinish) EventName() string { return NameUploadMediaJobFinish }

func (e *UploadMediaJobFinish) field(name []byte) any {
	switch string(name) {
	case "jobid":
		return &e.JobID
	}
	return nil
}

// SwitchWorkbenchMode is switch_workbench_mode,
// 修改设置工作台自定义开关事件推送. An administrator has
// switched the app's custom display on the workbench on or off.
//
// By Event on the data URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/94620; customized apps do
// not get it (96454).
type SwitchWorkbenchMode struct {
	Head

	Mode int // 1 if it is on, 0 if not
}

// EventName implements Event.
func (*SwitchWorkbenchMode) EventName() string { return NameSwitchWorkbenchMode }

func (e *SwitchWorkbenchMode) field(name []byte) any {
	switch string(name) {
	case "mode":
		return &e.Mode
	}
	return nil
}

// SubmitVIPAccountApproval is submit_vip_account_approval,
// 成员申请的提交回调. A member asks for an advanced-feature account.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/99876.
type SubmitVIPAccountApproval struct {
	Head

	ApplyReason  string // why
	BusinessType int    // 1 mail, 2 documents, 3 WeDrive, 4 meetings
	ApplyID      string // the request
}

// EventName implements Event.
func (*SubmitVIPAccountApproval) EventName() string { return NameSubmitVIPAccountApproval }

func (e *SubmitVIPAccountApproval) field(name []byte) any {
	switch string(name) {
	case "applyreason":
		return &e.ApplyReason
	case "businesstype":
		return &e.BusinessType
	case "applyid":
		return &e.ApplyID
	}
	return nil
}

// FinishVIPAccountApproval is finish_vip_account_approval,
// 成员申请的终止回调. A member's request for an advanced-feature
// account has come to its end.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/99877.
type FinishVIPAccountApproval struct {
	Head

	FinishType int    // 1 rejected by an administrator, 2 account assigned, 3 withdrawn by the member
	ApplyID    string // the request
}

// EventName implements Event.
func (*FinishVIPAccountApproval) EventName() string { return NameFinishVIPAccountApproval }

func (e *FinishVIPAccountApproval) field(name []byte) any {
	switch string(name) {
	case "finishtype":
		return &e.FinishType
	case "applyid":
		return &e.ApplyID
	}
	return nil
}

// CreateChain is change_chain with ChangeType create_chain,
// 创建上下游空间事件. An upstream and downstream chain has been
// created.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type CreateChain struct {
	Head

	ChainID string // the chain
}

// EventName implements Event.
func (*CreateChain) EventName() string { return NameCreateChain }

func (e *CreateChain) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	}
	return nil
}

// UpdateChain is change_chain with ChangeType update_chain,
// 更新上下游空间事件. An upstream and downstream chain has been
// changed.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type UpdateChain struct {
	Head

	ChainID string // the chain
}

// EventName implements Event.
func (*UpdateChain) EventName() string { return NameUpdateChain }

func (e *UpdateChain) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	}
	return nil
}

// DeleteChain is change_chain with ChangeType delete_chain,
// 删除上下游空间事件. An upstream and downstream chain has been
// deleted.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type DeleteChain struct {
	Head

	ChainID string // the chain
}

// EventName implements Event.
func (*DeleteChain) EventName() string { return NameDeleteChain }

func (e *DeleteChain) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	}
	return nil
}

// CreateGroup is change_chain with ChangeType create_group,
// 新增上下游分组事件. A group has been added to a chain.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type CreateGroup struct {
	Head

	ChainID  string   // the chain
	GroupIDs []string // a group of the chain
}

// EventName implements Event.
func (*CreateGroup) EventName() string { return NameCreateGroup }

func (e *CreateGroup) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	case "groupids":
		return wrapped{&e.GroupIDs}
	}
	return nil
}

// UpdateGroup is change_chain with ChangeType update_group,
// 更新上下游分组事件. A group of a chain has been changed.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type UpdateGroup struct {
	Head

	ChainID  string   // the chain
	GroupIDs []string // a group of the chain
}

// EventName implements Event.
func (*UpdateGroup) EventName() string { return NameUpdateGroup }

func (e *UpdateGroup) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	case "groupids":
		return wrapped{&e.GroupIDs}
	}
	return nil
}

// DeleteGroup is change_chain with ChangeType delete_group,
// 删除上下游分组事件. A group has been deleted from a chain.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type DeleteGroup struct {
	Head

	ChainID  string   // the chain
	GroupIDs []string // a group of the chain
}

// EventName implements Event.
func (*DeleteGroup) EventName() string { return NameDeleteGroup }

func (e *DeleteGroup) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	case "groupids":
		return wrapped{&e.GroupIDs}
	}
	return nil
}

// CorpJoin is change_chain with ChangeType corp_join,
// 企业加入上下游事件. A corp has joined a chain.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type CorpJoin struct {
	Head

	ChainID string   // the chain
	CorpIDs []string // a corp of the chain
}

// EventName implements Event.
func (*CorpJoin) EventName() string { return NameCorpJoin }

func (e *CorpJoin) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	case "corpids":
		return wrapped{&e.CorpIDs}
	}
	return nil
}

// UpdateCorp is change_chain with ChangeType update_corp, 更新企业事件. A
// corp of a chain has been put in other groups.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type UpdateCorp struct {
	Head

	ChainID string   // the chain
	CorpIDs []string // a corp of the chain
}

// EventName implements Event.
func (*UpdateCorp) EventName() string { return NameUpdateCorp }

func (e *UpdateCorp) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	case "corpids":
		return wrapped{&e.CorpIDs}
	}
	return nil
}

// RemoveCorp is change_chain with ChangeType remove_corp, 移除企业事件. A
// corp has been removed from a chain.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/95796; the sample's ids
// are broken CDATA sections.
type RemoveCorp struct {
	Head

	ChainID string   // the chain
	CorpIDs []string // a corp of the chain
}

// EventName implements Event.
func (*RemoveCorp) EventName() string { return NameRemoveCorp }

func (e *RemoveCorp) field(name []byte) any {
	switch string(name) {
	case "chainid":
		return &e.ChainID
	case "corpids":
		return wrapped{&e.CorpIDs}
	}
	return nil
}

// ChangeDomainIP is security with ChangeType change_domain_ip,
// 域名IP变更事件. WeCom's own domains or IP addresses have changed.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/100080.
type ChangeDomainIP struct {
	Head
}

// EventName implements Event.
func (*ChangeDomainIP) EventName() string { return NameChangeDomainIP }

func (*ChangeDomainIP) field([]byte) any { return nil }

// PublicEmailChangeReceiveEmail is public_email_change with ChangeType
// receive_email, 公共邮箱接收邮件事件. A shared mailbox has received
// email.
//
// By Event on the data URL, for self-built apps only, by its page:
// https://developer.work.weixin.qq.com/document/path/100180.
type PublicEmailChangeReceiveEmail struct {
	Head

	ID     int64 // the shared mailbox
	Amount int   // how many new emails there are
}

// EventName implements Event.
func (*PublicEmailChangeReceiveEmail) EventName() string { return NamePublicEmailChangeReceiveEmail }

func (e *PublicEmailChangeReceiveEmail) field(name []byte) any {
	switch string(name) {
	case "id":
		return &e.ID
	case "amount":
		return &e.Amount
	}
	return nil
}

// DeviceCheckinDataReport is device_checkin_data_report,
// 考勤打卡原始数据回调. A device has reported that members checked
// in.
//
// By Event on the data URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97214; WeCom waits 1000
// ms; TimeStamp instead of CreateTime, no AgentID.
type DeviceCheckinDataReport struct {
	Head

	CheckInDataList []CheckInDataListItem
	DeviceSn        string // serial number of the device
}

// EventName implements Event.
func (*DeviceCheckinDataReport) EventName() string { return NameDeviceCheckinDataReport }

func (e *DeviceCheckinDataReport) field(name []byte) any {
	switch string(name) {
	case "checkindatalist":
		return wrapped{(*structs[CheckInDataListItem, *CheckInDataListItem])(&e.CheckInDataList)}
	case "devicesn":
		return &e.DeviceSn
	}
	return nil
}

// DeviceAccesscontrolDataReport is device_accesscontrol_data_report,
// 门禁通行原始数据回调. A device has reported that members passed a
// door.
//
// By Event on the data URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97215; WeCom waits 1000
// ms; TimeStamp instead of CreateTime, no AgentID.
type DeviceAccesscontrolDataReport struct {
	Head

	AccessDataList []AccessDataListItem
	DeviceSn       string // serial number of the device
}

// EventName implements Event.
func (*DeviceAccesscontrolDataReport) EventName() string { return NameDeviceAccesscontrolDataReport }

func (e *DeviceAccesscontrolDataReport) field(name []byte) any {
	switch string(name) {
	case "accessdatalist":
		return wrapped{(*structs[AccessDataListItem, *AccessDataListItem])(&e.AccessDataList)}
	case "devicesn":
		return &e.DeviceSn
	}
	return nil
}

// DeviceTemperatureDataReport is device_temperature_data_report,
// 体温检测原始数据回调. A device has measured the temperature of
// members.
//
// By Event on the data URL, for third-party apps:
// https://developer.work.weixin.qq.com/document/path/97216; WeCom waits 1000
// ms; TimeStamp instead of CreateTime, no AgentID.
type DeviceTemperatureDataReport struct {
	Head

	TemperatureDataList []TemperatureDataListItem
	DeviceSn            string // serial number of the device
}

// EventName implements Event.
func (*DeviceTemperatureDataReport) EventName() string { return NameDeviceTemperatureDataReport }

func (e *DeviceTemperatureDataReport) field(name []byte) any {
	switch string(name) {
	case "temperaturedatalist":
		return wrapped{(*structs[TemperatureDataListItem, *TemperatureDataListItem])(&e.TemperatureDataList)}
	case "devicesn":
		return &e.DeviceSn
	}
	return nil
}

// LicensePaySuccess is license_pay_success, 支付成功通知. An order for
// interface licences has been paid and its codes have been made.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/95804.
type LicensePaySuccess struct {
	Head

	OrderID     string // the order; the sub-order where one is for several corps
	BuyerUserID string // userid of the provider's member who ordered
}

// EventName implements Event.
func (*LicensePaySuccess) EventName() string { return NameLicensePaySuccess }

func (e *LicensePaySuccess) field(name []byte) any {
	switch string(name) {
	case "orderid":
		return &e.OrderID
	case "buyeruserid":
		return &e.BuyerUserID
	}
	return nil
}

// LicenseRefund is license_refund, 退款结果通知. A refund of an order for
// interface licences has been decided.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/95805.
type LicenseRefund struct {
	Head

	OrderID     string // the order
	OrderStatus int    // 1 refunded, 2 refused
}

// EventName implements Event.
func (*LicenseRefund) EventName() string { return NameLicenseRefund }

func (e *LicenseRefund) field(name []byte) any {
	switch string(name) {
	case "orderid":
		return &e.OrderID
	case "orderstatus":
		return &e.OrderStatus
	}
	return nil
}

// AutoActivate is auto_activate, 自动激活回调通知. Interface licences
// have been activated for members automatically.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/95994.
type AutoActivate struct {
	Head

	Scene       int // why: 1 a member opened the app, 2 the provider pushed a message, 3 the provider called an interop API
	AccountList []AccountList
}

// EventName implements Event.
func (*AutoActivate) EventName() string { return NameAutoActivate }

func (e *AutoActivate) field(name []byte) any {
	switch string(name) {
	case "scene":
		return &e.Scene
	case "accountlist":
		return (*structs[AccountList, *AccountList])(&e.AccountList)
	}
	return nil
}

// RegisterCorp is register_corp, 注册完成回调事件. A corp has been
// registered by the provider's registration package.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90585.
type RegisterCorp struct {
	Head

	RegisterCode string // the code the corp registers with
	ContactSync  ContactSync
	AuthUserInfo AuthUserInfo
	State        string // the state given when the register code was made; absent if there was none
	TemplateID   string // the registration package
}

// EventName implements Event.
func (*RegisterCorp) EventName() string { return NameRegisterCorp }

func (e *RegisterCorp) field(name []byte) any {
	switch string(name) {
	case "registercode":
		return &e.RegisterCode
	case "contactsync":
		return &e.ContactSync
	case "authuserinfo":
		return &e.AuthUserInfo
	case "state":
		return &e.State
	case "templateid":
		return &e.TemplateID
	}
	return nil
}

// EnterRegisterPackage is enter_register_package, 扫描推广二维码事件.
// A member has scanned the QR code of the provider's registration package.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/98071; AuthCorpId is the
// corp of the member who scanned.
type EnterRegisterPackage struct {
	Head

	AuthUserInfo AuthUserInfo
	RegisterCode string // the code the corp registers with
	State        string // the state given when the register code was made; absent if there was none
	TemplateID   string // the registration package
}

// EventName implements Event.
func (*EnterRegisterPackage) EventName() string { return NameEnterRegisterPackage }

func (e *EnterRegisterPackage) field(name []byte) any {
	switch string(name) {
	case "authuserinfo":
		return &e.AuthUserInfo
	case "registercode":
		return &e.RegisterCode
	case "state":
		return &e.State
	case "templateid":
		return &e.TemplateID
	}
	return nil
}

// AdvancedAPIPaySuccess is advanced_api_pay_success, 支付成功通知. An
// order for accounts of an advanced API has been paid.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/100303; the customized
// page is 100265.
type AdvancedAPIPaySuccess struct {
	Head

	AdvanceAPIType int    // the advanced API: 1 conversation data
	OrderID        string // the order
	BuyerUserID    string // userid of the provider's member who ordered
}

// EventName implements Event.
func (*AdvancedAPIPaySuccess) EventName() string { return NameAdvancedAPIPaySuccess }

func (e *AdvancedAPIPaySuccess) field(name []byte) any {
	switch string(name) {
	case "advanceapitype":
		return &e.AdvanceAPIType
	case "orderid":
		return &e.OrderID
	case "buyeruserid":
		return &e.BuyerUserID
	}
	return nil
}

// AdvancedAPIRefund is advanced_api_refund, 退款结果通知. A refund of an
// order for accounts of an advanced API has been decided.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/100304.
type AdvancedAPIRefund struct {
	Head

	AdvanceAPIType int    // the advanced API: 1 conversation data
	OrderID        string // the order
	OrderStatus    int    // 1 refunded, 2 refused
}

// EventName implements Event.
func (*AdvancedAPIRefund) EventName() string { return NameAdvancedAPIRefund }

func (e *AdvancedAPIRefund) field(name []byte) any {
	switch string(name) {
	case "advanceapitype":
		return &e.AdvanceAPIType
	case "orderid":
		return &e.OrderID
	case "orderstatus":
		return &e.OrderStatus
	}
	return nil
}

// AdvancedAPICancel is advanced_api_cancel, 取消订单通知. An order for
// accounts of an advanced API has been cancelled.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/100305.
type AdvancedAPICancel struct {
	Head

	AdvanceAPIType int    // the advanced API: 1 conversation data
	OrderID        string // the order
}

// EventName implements Event.
func (*AdvancedAPICancel) EventName() string { return NameAdvancedAPICancel }

func (e *AdvancedAPICancel) field(name []byte) any {
	switch string(name) {
	case "advanceapitype":
		return &e.AdvanceAPIType
	case "orderid":
		return &e.OrderID
	}
	return nil
}

// AdvancedAPIInsufficient is advanced_api_insufficient, 接口不足通知. A
// corp has authorised more members than the provider has accounts of an
// advanced API for.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/100306.
type AdvancedAPIInsufficient struct {
	Head

	AdvanceAPIType int // the advanced API: 1 conversation data
	ChatArchiveAPI ChatArchiveAPI
}

// EventName implements Event.
func (*AdvancedAPIInsufficient) EventName() string { return NameAdvancedAPIInsufficient }

func (e *AdvancedAPIInsufficient) field(name []byte) any {
	switch string(name) {
	case "advanceapitype":
		return &e.AdvanceAPIType
	case "chatarchiveapi":
		return &e.ChatArchiveAPI
	}
	return nil
}

// AdvancedAPIExpired is advanced_api_expired, 接口购买到期通知. The
// accounts of an advanced API bought for a corp have expired.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/100307; the customized
// page is 100269.
type AdvancedAPIExpired struct {
	Head

	AdvanceAPIType int // the advanced API: 1 conversation data
	ChatArchiveAPI ChatArchiveAPI
}

// EventName implements Event.
func (*AdvancedAPIExpired) EventName() string { return NameAdvancedAPIExpired }

func (e *AdvancedAPIExpired) field(name []byte) any {
	switch string(name) {
	case "advanceapitype":
		return &e.AdvanceAPIType
	case "chatarchiveapi":
		return &e.ChatArchiveAPI
	}
	return nil
}

// AdvancedAPITrialExpired is advanced_api_trial_expired,
// 接口试用到期通知. A corp's trial of an advanced API has expired.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/100308; the customized
// page is 100270.
type AdvancedAPITrialExpired struct {
	Head

	AdvanceAPIType int // the advanced API: 1 conversation data
}

// EventName implements Event.
func (*AdvancedAPITrialExpired) EventName() string { return NameAdvancedAPITrialExpired }

func (e *AdvancedAPITrialExpired) field(name []byte) any {
	switch string(name) {
	case "advanceapitype":
		return &e.AdvanceAPIType
	}
	return nil
}

// AgreeExternalUserIDMigration is agree_external_userid_migration,
// 同意授权转换external_userid事件. A corp has agreed that its
// external_userids are converted.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/96516; there is a JSON
// sample too.
type AgreeExternalUserIDMigration struct {
	Head
}

// EventName implements Event.
func (*AgreeExternalUserIDMigration) EventName() string { return NameAgreeExternalUserIDMigration }

func (*AgreeExternalUserIDMigration) field([]byte) any { return nil }

// AddDevice is add_device, 添加设备事件. A corp has bound a device of the
// provider.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type AddDevice struct {
	Head

	DeviceSn   string // serial number of the device
	RemarkName string // the name the corp gave the device
	ModelID    string // the model of the device
}

// EventName implements Event.
func (*AddDevice) EventName() string { return NameAddDevice }

func (e *AddDevice) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	case "remarkname":
		return &e.RemarkName
	case "modelid":
		return &e.ModelID
	}
	return nil
}

// DelDevice is del_device, 删除设备事件. A corp has removed a device of
// the provider.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type DelDevice struct {
	Head

	DeviceSn string // serial number of the device
}

// EventName implements Event.
func (*DelDevice) EventName() string { return NameDelDevice }

func (e *DelDevice) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	}
	return nil
}

// RemarkDeviceName is remark_device_name, 修改设备备注名事件. A corp
// has renamed a device of the provider.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type RemarkDeviceName struct {
	Head

	DeviceSn   string // serial number of the device
	RemarkName string // the name the corp gave the device
}

// EventName implements Event.
func (*RemarkDeviceName) EventName() string { return NameRemarkDeviceName }

func (e *RemarkDeviceName) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	case "remarkname":
		return &e.RemarkName
	}
	return nil
}

// ConnectInfo is connect_info, 设备连接事件. A device has connected to
// WeCom.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type ConnectInfo struct {
	Head

	DeviceSn    string    // serial number of the device
	ConnectTime time.Time // when it connected
}

// EventName implements Event.
func (*ConnectInfo) EventName() string { return NameConnectInfo }

func (e *ConnectInfo) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	case "connecttime":
		return &e.ConnectTime
	}
	return nil
}

// DisconnectInfo is disconnect_info, 设备断开连接事件. A device has
// lost its connection to WeCom.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type DisconnectInfo struct {
	Head

	DeviceSn       string    // serial number of the device
	DisconnectTime time.Time // when it lost it
	Reason         string    // why
}

// EventName implements Event.
func (*DisconnectInfo) EventName() string { return NameDisconnectInfo }

func (e *DisconnectInfo) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	case "disconnecttime":
		return &e.DisconnectTime
	case "reason":
		return &e.Reason
	}
	return nil
}

// FetchLogFinish is fetch_log_finish, 设备日志上传完成事件. A device
// has uploaded its log.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type FetchLogFinish struct {
	Head

	DeviceSn string // serial number of the device
	MediaID  string // the log file
}

// EventName implements Event.
func (*FetchLogFinish) EventName() string { return NameFetchLogFinish }

func (e *FetchLogFinish) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	case "mediaid":
		return &e.MediaID
	}
	return nil
}

// DeviceFeatureChange is device_feature_change, 设备功能变更事件. The
// features of a device have changed.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type DeviceFeatureChange struct {
	Head

	DeviceSn string // serial number of the device
}

// EventName implements Event.
func (*DeviceFeatureChange) EventName() string { return NameDeviceFeatureChange }

func (e *DeviceFeatureChange) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	}
	return nil
}

// ErrorReport is error_report, 设备异常上报事件. A device reports an
// error.
//
// By InfoType on the system event URL, for providers:
// https://developer.work.weixin.qq.com/document/path/90751 (not verified on an
// official page); smart-hardware providers; the push may be JSON; the current
// protocol is 96062.
type ErrorReport struct {
	Head

	DeviceSn string // serial number of the device
	ErrCode  int    // the error as the device numbers it
	ErrMsg   string // the error in words
}

// EventName implements Event.
func (*ErrorReport) EventName() string { return NameErrorReport }

func (e *ErrorReport) field(name []byte) any {
	switch string(name) {
	case "devicesn":
		return &e.DeviceSn
	case "errcode":
		return &e.ErrCode
	case "errmsg":
		return &e.ErrMsg
	}
	return nil
}

// AccessDataListItem is an element Item of an event.
type AccessDataListItem struct {
	OpenUserID string    // the person
	UserType   int       // 0 member, 1 visitor, 2 student
	TimeStamp  time.Time // when they passed
	PassType   int       // 1 in, 2 out, 3 unknown
	PassMethod int       // 1 face, 2 QR code, 3 remote, 4 fingerprint
}

func (e *AccessDataListItem) field(name []byte) any {
	switch string(name) {
	case "openuserid":
		return &e.OpenUserID
	case "usertype":
		return &e.UserType
	case "timestamp":
		return &e.TimeStamp
	case "passtype":
		return &e.PassType
	case "passmethod":
		return &e.PassMethod
	}
	return nil
}

// AccountList is an element AccountList of an event.
type AccountList struct {
	ActiveCode         string    // the licence's activation code
	Type               int       // 1 base account, 2 interop account
	ExpireTime         time.Time // when the licence expires
	UserID             string    // the member it was activated for
	PreviousStatus     int       // what the member had before: 1 nothing, 2 a licence with 7 days or less left, 3 an expired licence
	PreviousActiveCode string    // activation code of the licence the member had before
}

func (e *AccountList) field(name []byte) any {
	switch string(name) {
	case "activecode":
		return &e.ActiveCode
	case "type":
		return &e.Type
	case "expiretime":
		return &e.ExpireTime
	case "userid":
		return &e.UserID
	case "previousstatus":
		return &e.PreviousStatus
	case "previousactivecode":
		return &e.PreviousActiveCode
	}
	return nil
}

// Applyer is an element Applyer of an event.
type Applyer struct {
	UserID string // userid of the applicant
	Party  int64  // department of the applicant
}

func (e *Applyer) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "party":
		return &e.Party
	}
	return nil
}

// ApprovalNode is an element ApprovalNode of an event.
type ApprovalNode struct {
	NodeStatus int // status of the step: 1 in progress, 2 agreed, 3 rejected, 4 forwarded
	NodeAttr   int // 1 any approver is enough, 2 all must agree
	NodeType   int // 1 fixed members, 2 tag, 3 superior
	Items      []ItemsItem
}

func (e *ApprovalNode) field(name []byte) any {
	switch string(name) {
	case "nodestatus":
		return &e.NodeStatus
	case "nodeattr":
		return &e.NodeAttr
	case "nodetype":
		return &e.NodeType
	case "items":
		return wrapped{(*structs[ItemsItem, *ItemsItem])(&e.Items)}
	}
	return nil
}

// Approver is an element Approver of an event.
type Approver struct {
	UserID string // userid of the approver
}

func (e *Approver) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	}
	return nil
}

// AuthUserInfo is an element AuthUserInfo of an event.
type AuthUserInfo struct {
	UserID string // userid of the administrator
}

func (e *AuthUserInfo) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	}
	return nil
}

// BatchJob is an element BatchJob of an event.
type BatchJob struct {
	JobID   string // the job, at most 64 characters
	JobType string // sync_user, replace_user, invite_user, replace_party, import_chain_contact; export_user, export_simple_user, export_department, export_taguser, export_tag; contact_id_translate
	ErrCode int    // 0 if it went well; not in the provider form
	ErrMsg  string // the error in words; not in the provider form
}

func (e *BatchJob) field(name []byte) any {
	switch string(name) {
	case "jobid":
		return &e.JobID
	case "jobtype":
		return &e.JobType
	case "errcode":
		return &e.ErrCode
	case "errmsg":
		return &e.ErrMsg
	}
	return nil
}

// ChangeList is an element ChangeList of an event.
type ChangeList struct {
	TimeStamp  time.Time // when it changed
	ChangeType string    // the ChangeType the single event would have
	ID         string    // userid of the student or parent, or id of the department
	NewID      string    // the new userid; only if it was changed
}

func (e *ChangeList) field(name []byte) any {
	switch string(name) {
	case "timestamp":
		return &e.TimeStamp
	case "changetype":
		return &e.ChangeType
	case "id":
		return &e.ID
	case "newid":
		return &e.NewID
	}
	return nil
}

// ChatArchiveAPI is an element ChatArchiveApi of an event.
type ChatArchiveAPI struct {
	Edition int // edition of the accounts: 2 internal and external chats, 3 voice calls too
}

func (e *ChatArchiveAPI) field(name []byte) any {
	switch string(name) {
	case "edition":
		return &e.Edition
	}
	return nil
}

// CheckInDataListItem is an element Item of an event.
type CheckInDataListItem struct {
	OpenUserID  string    // the person
	UserType    int       // 0 member, 1 visitor, 2 student
	CheckinTime time.Time // when they checked in
}

func (e *CheckInDataListItem) field(name []byte) any {
	switch string(name) {
	case "openuserid":
		return &e.OpenUserID
	case "usertype":
		return &e.UserType
	case "checkintime":
		return &e.CheckinTime
	}
	return nil
}

// CommentUserInfo is an element CommentUserInfo of an event.
type CommentUserInfo struct {
	UserID string // userid of the commenter
}

func (e *CommentUserInfo) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	}
	return nil
}

// Comments is an element Comments of an event.
type Comments struct {
	CommentUserInfo CommentUserInfo
	CommentTime     time.Time // when the comment was made
	CommentContent  string    // text of the comment
	CommentID       string    // the comment
	Attach          []string  // media_id of a file attached to the comment
}

func (e *Comments) field(name []byte) any {
	switch string(name) {
	case "commentuserinfo":
		return &e.CommentUserInfo
	case "commenttime":
		return &e.CommentTime
	case "commentcontent":
		return &e.CommentContent
	case "commentid":
		return &e.CommentID
	case "attach":
		return &e.Attach
	}
	return nil
}

// ContactSync is an element ContactSync of an event.
type ContactSync struct {
	AccessToken string // secret: reads and writes the whole address book; only if the package enables its migration
	ExpiresIn   int    // how long that token is good for, in seconds
}

func (e *ContactSync) field(name []byte) any {
	switch string(name) {
	case "accesstoken":
		return &e.AccessToken
	case "expiresin":
		return &e.ExpiresIn
	}
	return nil
}

// Details is an element Details of an event.
type Details struct {
	Approver Approver
	Speech   string    // what the approver said
	SpStatus int       // status for this approver: 1 in progress, 2 agreed, 3 rejected, 4 forwarded
	SpTime   time.Time // when the approver acted; 0 until then
	Attach   []string  // media_id of a file the approver attached; MediaId on the third-party page
}

func (e *Details) field(name []byte) any {
	switch string(name) {
	case "approver", "approvor":
		return &e.Approver
	case "speech":
		return &e.Speech
	case "spstatus":
		return &e.SpStatus
	case "sptime":
		return &e.SpTime
	case "attach", "mediaid":
		return &e.Attach
	}
	return nil
}

// ExtAttrItem is an element Item of an event.
type ExtAttrItem struct {
	Name  string // name of an extended attribute
	Value string // the text; on older pages, in place of Type and Text
	Type  int    // 0 text, 1 web page
	Text  ExtAttrItemText
	Web   ExtAttrItemWeb
}

func (e *ExtAttrItem) field(name []byte) any {
	switch string(name) {
	case "name":
		return &e.Name
	case "value":
		return &e.Value
	case "type":
		return &e.Type
	case "text":
		return &e.Text
	case "web":
		return &e.Web
	}
	return nil
}

// ExtAttrItemText is an element Text of an event.
type ExtAttrItemText struct {
	Value string // the text; when Type is 0
}

func (e *ExtAttrItemText) field(name []byte) any {
	switch string(name) {
	case "value":
		return &e.Value
	}
	return nil
}

// ExtAttrItemWeb is an element Web of an event.
type ExtAttrItemWeb struct {
	Title string // title of the web page; when Type is 1
	URL   string // URL of the web page; when Type is 1
}

func (e *ExtAttrItemWeb) field(name []byte) any {
	switch string(name) {
	case "title":
		return &e.Title
	case "url":
		return &e.URL
	}
	return nil
}

// ExtraInfo is an element ExtraInfo of an event.
type ExtraInfo struct {
	AuthOpenKfIDList []string // WeCom-KF accounts the grant covers; only for the WeCom-KF component, ExtraInfo is empty otherwise
}

func (e *ExtraInfo) field(name []byte) any {
	switch string(name) {
	case "authopenkfidlist":
		return wrapped{&e.AuthOpenKfIDList}
	}
	return nil
}

// ItemsItem is an element Item of an event.
type ItemsItem struct {
	ItemName   string    // name of the approver
	ItemUserID string    // userid of the approver
	ItemParty  string    // department of the approver
	ItemImage  string    // URL of the approver's avatar
	ItemStatus int       // status for this approver: 1 in progress, 2 agreed, 3 rejected, 4 forwarded
	ItemSpeech string    // what the approver said
	ItemOpTime time.Time // when the approver acted; 0 until then
}

func (e *ItemsItem) field(name []byte) any {
	switch string(name) {
	case "itemname":
		return &e.ItemName
	case "itemuserid":
		return &e.ItemUserID
	case "itemparty":
		return &e.ItemParty
	case "itemimage":
		return &e.ItemImage
	case "itemstatus":
		return &e.ItemStatus
	case "itemspeech":
		return &e.ItemSpeech
	case "itemoptime":
		return &e.ItemOpTime
	}
	return nil
}

// JoinFromMeetingRoomOperatedUser is an element OperatedUser of an event.
type JoinFromMeetingRoomOperatedUser struct {
	UserID    string // userid of the one it is done to; only if a member
	TmpOpenID string // their id within the meeting
}

func (e *JoinFromMeetingRoomOperatedUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "tmpopenid":
		return &e.TmpOpenID
	}
	return nil
}

// MoveToWaitingRoomOperatedUser is an element OperatedUser of an event.
type MoveToWaitingRoomOperatedUser struct {
	UserID    string // userid of the one it is done to; only if a member
	TmpOpenID string // their id within the meeting
}

func (e *MoveToWaitingRoomOperatedUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "tmpopenid":
		return &e.TmpOpenID
	}
	return nil
}

// MraAddress is an element MraAddress of an event.
type MraAddress struct {
	Protocol   int    // of the room's device: 1 SIP, 2 H.323
	DialString string // address to call it
}

func (e *MraAddress) field(name []byte) any {
	switch string(name) {
	case "protocol":
		return &e.Protocol
	case "dialstring":
		return &e.DialString
	}
	return nil
}

// NodeList is an element NodeList of an event.
type NodeList struct {
	NodeType    int // 1 approver, 2 copy, 3 handler
	SpStatus    int // status of the node: 1 in progress, 2 agreed, 3 rejected, 4 forwarded, 11 returned, 12 approver added, 13 approver added and agreed, 14 handled, 15 handed on
	ApvRel      int // 1 all must agree, 2 any approver is enough, 3 one after the other
	SubNodeList []SubNodeList
}

func (e *NodeList) field(name []byte) any {
	switch string(name) {
	case "nodetype":
		return &e.NodeType
	case "spstatus":
		return &e.SpStatus
	case "apvrel":
		return &e.ApvRel
	case "subnodelist":
		return (*structs[SubNodeList, *SubNodeList])(&e.SubNodeList)
	}
	return nil
}

// NotifyNode is an element NotifyNode of an event.
type NotifyNode struct {
	ItemName   string // name of a member who gets a copy
	ItemUserID string // userid of a member who gets a copy
	ItemParty  string // department of a member who gets a copy
	ItemImage  string // URL of that member's avatar
}

func (e *NotifyNode) field(name []byte) any {
	switch string(name) {
	case "itemname":
		return &e.ItemName
	case "itemuserid":
		return &e.ItemUserID
	case "itemparty":
		return &e.ItemParty
	case "itemimage":
		return &e.ItemImage
	}
	return nil
}

// Notifyer is an element Notifyer of an event.
type Notifyer struct {
	UserID string // userid of a member who gets a copy
}

func (e *Notifyer) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	}
	return nil
}

// OpenApprovalChangeApprovalInfo is an element ApprovalInfo of an event.
type OpenApprovalChangeApprovalInfo struct {
	ThirdNo        string    // number of the application, chosen by the app
	OpenSpName     string    // name of the template
	OpenTemplateID string    // the template
	OpenSpStatus   int       // 1 in progress, 2 approved, 3 rejected, 4 withdrawn
	ApplyTime      time.Time // when it was submitted
	ApplyUserName  string    // name of the applicant
	ApplyUserID    string    // userid of the applicant
	ApplyUserParty string    // department of the applicant
	ApplyUserImage string    // URL of the applicant's avatar
	ApprovalNodes  []ApprovalNode
	NotifyNodes    []NotifyNode
	Approverstep   int // the step it is at, counted from 0
}

func (e *OpenApprovalChangeApprovalInfo) field(name []byte) any {
	switch string(name) {
	case "thirdno":
		return &e.ThirdNo
	case "openspname":
		return &e.OpenSpName
	case "opentemplateid":
		return &e.OpenTemplateID
	case "openspstatus":
		return &e.OpenSpStatus
	case "applytime":
		return &e.ApplyTime
	case "applyusername":
		return &e.ApplyUserName
	case "applyuserid":
		return &e.ApplyUserID
	case "applyuserparty":
		return &e.ApplyUserParty
	case "applyuserimage":
		return &e.ApplyUserImage
	case "approvalnodes":
		return wrapped{(*structs[ApprovalNode, *ApprovalNode])(&e.ApprovalNodes)}
	case "notifynodes":
		return wrapped{(*structs[NotifyNode, *NotifyNode])(&e.NotifyNodes)}
	case "approverstep":
		return &e.Approverstep
	}
	return nil
}

// PicListItem is an element item of an event.
type PicListItem struct {
	PicMd5Sum string // MD5 of a picture, to know it again when it arrives as a message
}

func (e *PicListItem) field(name []byte) any {
	switch string(name) {
	case "picmd5sum":
		return &e.PicMd5Sum
	}
	return nil
}

// QuitWaitingRoomOperatedUser is an element OperatedUser of an event.
type QuitWaitingRoomOperatedUser struct {
	UserID    string // userid of the one it is done to; only if a member
	TmpOpenID string // their id within the meeting
}

func (e *QuitWaitingRoomOperatedUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "tmpopenid":
		return &e.TmpOpenID
	}
	return nil
}

// RoleChangeOperatedUser is an element OperatedUser of an event.
type RoleChangeOperatedUser struct {
	UserID    string // userid of the one it is done to; only if a member
	TmpOpenID string // their id within the meeting
	UserRole  int    // their new role: 0 participant, 1 creator, 2 host, 3 creator and host, 4 guest, 5 guest and host, 6 co-host, 7 creator and co-host, 8 host by API
}

func (e *RoleChangeOperatedUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "tmpopenid":
		return &e.TmpOpenID
	case "userrole":
		return &e.UserRole
	}
	return nil
}

// ScanCodeInfo is an element ScanCodeInfo of an event.
type ScanCodeInfo struct {
	ScanType   string // usually qrcode
	ScanResult string // what the code says
}

func (e *ScanCodeInfo) field(name []byte) any {
	switch string(name) {
	case "scantype":
		return &e.ScanType
	case "scanresult":
		return &e.ScanResult
	}
	return nil
}

// SelectedItem is an element SelectedItem of an event.
type SelectedItem struct {
	QuestionKey string   // key of a question of a vote or selection card
	OptionIDs   []string // id of a chosen option; older pages spell it Opiton
}

func (e *SelectedItem) field(name []byte) any {
	switch string(name) {
	case "questionkey":
		return &e.QuestionKey
	case "optionids", "opitonids":
		return wrapped{&e.OptionIDs}
	}
	return nil
}

// SendLocationInfo is an element SendLocationInfo of an event.
type SendLocationInfo struct {
	LocationX float64 // latitude in degrees
	LocationY float64 // longitude in degrees
	Scale     int     // zoom of the map
	Label     string  // address of the place
	Poiname   string  // name of the place; may be empty
}

func (e *SendLocationInfo) field(name []byte) any {
	switch string(name) {
	case "location_x":
		return &e.LocationX
	case "location_y":
		return &e.LocationY
	case "scale":
		return &e.Scale
	case "label":
		return &e.Label
	case "poiname":
		return &e.Poiname
	}
	return nil
}

// SendPicsInfo is an element SendPicsInfo of an event.
type SendPicsInfo struct {
	Count   int // how many pictures
	PicList []PicListItem
}

func (e *SendPicsInfo) field(name []byte) any {
	switch string(name) {
	case "count":
		return &e.Count
	case "piclist":
		return wrapped{(*structs[PicListItem, *PicListItem])(&e.PicList)}
	}
	return nil
}

// SpRecord is an element SpRecord of an event.
type SpRecord struct {
	SpStatus     int // status of the step: 1 in progress, 2 agreed, 3 rejected, 4 forwarded
	ApproverAttr int // 1 any approver is enough, 2 all must agree
	Details      []Details
}

func (e *SpRecord) field(name []byte) any {
	switch string(name) {
	case "spstatus":
		return &e.SpStatus
	case "approverattr":
		return &e.ApproverAttr
	case "details":
		return (*structs[Details, *Details])(&e.Details)
	}
	return nil
}

// SubNodeList is an element SubNodeList of an event.
type SubNodeList struct {
	UserInfo UserInfo
	Speech   string    // what they said
	SpYj     int       // status for this member: 1 in progress, 2 agreed, 3 rejected, 4 forwarded, 11 returned, 12 approver added, 13 approver added and agreed, 14 handled, 15 handed on
	Sptime   time.Time // when they acted; 0 until then
	MediaIDs []string  // media_id of a file they attached
}

func (e *SubNodeList) field(name []byte) any {
	switch string(name) {
	case "userinfo":
		return &e.UserInfo
	case "speech":
		return &e.Speech
	case "spyj":
		return &e.SpYj
	case "sptime":
		return &e.Sptime
	case "mediaids":
		return &e.MediaIDs
	}
	return nil
}

// SysApprovalChangeApprovalInfo is an element ApprovalInfo of an event.
type SysApprovalChangeApprovalInfo struct {
	SpNoStr          string    // number of the application as text; sent since 2025, preferred over SpNo
	SpNo             int64     // number of the application; exceeds 32 bits, absent for applications between a school and its bureau
	SpName           string    // name of the template
	SpStatus         int       // 1 in progress, 2 approved, 3 rejected, 4 withdrawn, 6 withdrawn after approval, 7 deleted, 10 paid
	TemplateID       string    // the template
	ApplyTime        time.Time // when it was submitted
	Applyer          Applyer
	SpRecord         []SpRecord
	Notifyer         []Notifyer
	ProcessList      []NodeList
	Comments         []Comments
	StatuChangeEvent int // what happened (WeCom's spelling): 1 submitted, 2 agreed, 3 rejected, 4 forwarded, 5 urged, 6 withdrawn, 8 withdrawn after approval, 10 commented, 11 returned, 12 approver added, 13 approver added and agreed, 14 handled, 15 handed on
}

func (e *SysApprovalChangeApprovalInfo) field(name []byte) any {
	switch string(name) {
	case "spnostr":
		return &e.SpNoStr
	case "spno":
		return &e.SpNo
	case "spname":
		return &e.SpName
	case "spstatus":
		return &e.SpStatus
	case "templateid":
		return &e.TemplateID
	case "applytime":
		return &e.ApplyTime
	case "applyer":
		return &e.Applyer
	case "sprecord":
		return (*structs[SpRecord, *SpRecord])(&e.SpRecord)
	case "notifyer":
		return (*structs[Notifyer, *Notifyer])(&e.Notifyer)
	case "processlist":
		return wrapped{(*structs[NodeList, *NodeList])(&e.ProcessList)}
	case "comments":
		return (*structs[Comments, *Comments])(&e.Comments)
	case "statuchangeevent":
		return &e.StatuChangeEvent
	}
	return nil
}

// TemperatureDataListItem is an element Item of an event.
type TemperatureDataListItem struct {
	OpenUserID  string    // the person
	UserType    int       // 0 member, 1 visitor, 2 student
	TimeStamp   time.Time // when it was measured
	Temperature float64   // degrees Celsius
	Status      int       // 0 normal, 1 fever, 2 too low, as devices report it (95986); the event's page lists no values
}

func (e *TemperatureDataListItem) field(name []byte) any {
	switch string(name) {
	case "openuserid":
		return &e.OpenUserID
	case "usertype":
		return &e.UserType
	case "timestamp":
		return &e.TimeStamp
	case "temperature":
		return &e.Temperature
	case "status":
		return &e.Status
	}
	return nil
}

// UploadInfo is an element UploadInfo of an event.
type UploadInfo struct {
	MediumURL    string // URL of the file
	MediumType   int    // 1 video, 2 picture, 3 file
	UploadStatus int    // 1 uploaded, 0 failed
	ErrorMsg     string // why it failed
}

func (e *UploadInfo) field(name []byte) any {
	switch string(name) {
	case "mediumurl":
		return &e.MediumURL
	case "mediumtype":
		return &e.MediumType
	case "uploadstatus":
		return &e.UploadStatus
	case "errormsg":
		return &e.ErrorMsg
	}
	return nil
}

// UserInfo is an element UserInfo of an event.
type UserInfo struct {
	UserID string // userid of the approver or handler
}

func (e *UserInfo) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	}
	return nil
}

// WarmUpInfo is an element WarmUpInfo of an event.
type WarmUpInfo struct {
	WarmUpPicture string // URL of the picture
	WarmUpVideo   string // URL of the video
	UploadStatus  int    // 1 uploaded, 0 failed
	ErrorMsg      string // why it failed
}

func (e *WarmUpInfo) field(name []byte) any {
	switch string(name) {
	case "warmuppicture":
		return &e.WarmUpPicture
	case "warmupvideo":
		return &e.WarmUpVideo
	case "uploadstatus":
		return &e.UploadStatus
	case "errormsg":
		return &e.ErrorMsg
	}
	return nil
}

// WebinarRoleChangeOperatedUser is an element OperatedUser of an event.
type WebinarRoleChangeOperatedUser struct {
	UserID    string // userid of the one it is done to; only if a member
	TmpOpenID string // their id within the meeting
	UserRole  int    // their new role: 0 participant, 1 creator, 2 host, 3 creator and host, 4 guest, 5 guest and host, 6 co-host, 7 creator and co-host, 8 host by API, 30 panelist of the corp, 31 panelist from outside, 32 panelist by link, 33 audience, 34 audience with audio and video
}

func (e *WebinarRoleChangeOperatedUser) field(name []byte) any {
	switch string(name) {
	case "userid":
		return &e.UserID
	case "tmpopenid":
		return &e.TmpOpenID
	case "userrole":
		return &e.UserRole
	}
	return nil
}
