#!/bin/sh
# An integrator's first quarter of an hour: one signed ticket, from the platform's push to its score.
# Needs a running sandbox, a POSIX shell, curl and openssl. Usage: sh docs/quickstart.sh ready.json
set -eu

ready_file=${1:?用法：sh docs/quickstart.sh 就绪文件}
source=city-12345
unit=sanitation-section
newline='
'

step() { printf '\n== %s\n' "$1"; }
stop() {
    printf '停止：%s\n' "$1" >&2
    exit 1
}

# after JSON PATTERN: the text between the first match of PATTERN and the next quotation mark.
after() {
    printf '%s\n' "$1" | sed -n "s/$2/\\
/; s/^.*\\n\\([^\"]*\\)\".*/\\1/p"
}

need() {
    found=$(after "$1" "$2")
    [ -n "$found" ] || stop "答复里没有 $2"
    printf '%s' "$found"
}

# call WANTED METHOD URL [curl options]: leaves the body in $answer, stops on another status.
call() {
    wanted=$1 method=$2 url=$3
    shift 3
    answer=$(curl -sS --noproxy '*' --max-time 60 -w '\n%{http_code}' -X "$method" "$@" "$url") ||
        stop "无法连接 $url"
    status=${answer##*"$newline"}
    answer=${answer%"$newline"*}
    [ "$status" = "$wanted" ] || stop "$method $url 应答 $status，应为 $wanted：$answer"
}

# sign ID TIMESTAMP BODY: Standard Webhooks 1.0, HMAC-SHA256 of "id.timestamp.body" in base64.
sign() {
    printf '%s.%s.%s' "$1" "$2" "$3" |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret_hex" -binary |
        openssl base64 -A
}

# signed WANTED METHOD URL ID BODY
signed() {
    at=$(date +%s)
    signature=$(sign "$4" "$at" "$5")
    set -- "$1" "$2" "$3" "$4" "$5" -H "webhook-id: $4" -H "webhook-timestamp: $at" \
        -H "webhook-signature: v1,$signature"
    body=$5
    if [ -n "$body" ]; then
        set -- "$@" -H 'content-type: application/json' --data-binary "$body"
    fi
    wanted_status=$1 verb=$2 address=$3
    shift 5
    call "$wanted_status" "$verb" "$address" "$@"
}

# act ACTION KEY BODY STATE: one action of the dispatch API, and the state it must lead to.
act() {
    call 200 POST "$dispatch/v1/tickets/$no/$1" -H "authorization: Bearer $2" \
        -H "idempotency-key: $upstream_no-$1" -H 'content-type: application/json' \
        --data-binary "$3"
    state=$(need "$answer" '"state":"')
    [ "$state" = "$4" ] || stop "$1 之后状态为 $state，应为 $4"
    printf '   %s → %s\n' "$1" "$state"
}

# figure ROW METRIC: "numerator / denominator = value".
figure() {
    printf '%s\n' "$1" | sed -n "s/^.*\"$2\":{\"num\":\"\\([^\"]*\\)\",\"den\":\\([0-9]*\\),\
\"value\":\"\\{0,1\\}\\([0-9a-z.]*\\).*/\\1 \\/ \\2 = \\3/p"
}

step '读就绪文件'
[ -r "$ready_file" ] || stop "读不到 $ready_file"
ready=$(sed -e ':more' -e '$!{' -e 'N' -e 'b more' -e '}' -e 's/[[:space:]]//g' "$ready_file")
intake=$(need "$ready" '"intake":"')
dispatch=$(need "$ready" '"dispatch":"')
scoring=$(need "$ready" '"scoring":"')
secret=$(need "$ready" "\"$source\":{\"secret\":\"")
desk=$(need "$ready" '"desk":"')
unit_key=$(need "$ready" "\"$unit\":\"")
# The signing key is what follows whsec_, decoded from base64.
secret_hex=$(printf '%s' "${secret#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
printf '   受理 %s  派单 %s  考核 %s\n' "$intake" "$dispatch" "$scoring"

step '看沙箱的时钟（签名用真实时间，业务用沙箱时间）'
call 200 GET "$intake/sandbox/clock"
now=$(need "$answer" '"now":"')
period=$(printf '%s' "$now" | sed 's/^\(.......\).*/\1/')
printf '   %s\n' "$now"

step '上级平台推送一张签名工单'
upstream_no="QS-$(date +%s)-$$"
message='{"type":"ticket.created","timestamp":"'$now'","data":{"upstream_no":"'$upstream_no'",
"source_platform":"city","channel":"phone","ticket_kind":"transfer","appeal_type":"complaint",
"urgency":"normal","title":"垃圾厢房满溢（模拟）","content":"垃圾厢房满溢两天，气味明显。（模拟）",
"address":"静安区示例路100号","street_name":"共和新路街道",
"caller":{"name":"张三","gender":"male","phone":"13800001234"},
"is_anonymous":false,"is_confidential":false,"need_reply":true,"received_at":"'$now'"}}'
signed 202 POST "$intake/v1/webhooks/$source" "$upstream_no" "$message"
receipt=$(need "$answer" '"receipt":"')
printf '   回执 %s\n' "$receipt"

step '再推一次同样的消息：200，不会重复建单'
signed 200 POST "$intake/v1/webhooks/$source" "$upstream_no" "$message"
[ "$(need "$answer" '"status":"')" = duplicate ] || stop "没有认出重复：$answer"
printf '   duplicate\n'

step '凭回执查结果（对空正文签名）'
tries=0
while :; do
    signed 200 GET "$intake/v1/receipts/$receipt" "$upstream_no-read-$tries" ''
    status=$(need "$answer" '"status":"')
    [ "$status" = pending ] || break
    tries=$((tries + 1))
    [ "$tries" -lt 30 ] || stop '三十次查询后仍未处理'
    sleep 1
done
[ "$status" = applied ] || stop "消息状态为 $status：$answer"
no=$(need "$answer" '"ticket_no":"')
printf '   工单号 %s\n' "$no"

step '值班台收单、派单'
act triage "$desk" '{"trade":"sanitation","category":"S-05"}' triaged
act dispatch "$desk" '{"lead":"'$unit'","instruction":"请尽快处置"}' dispatched

step '承办单位接单、先行联系、处置、反馈'
act accept "$unit_key" '{"executor":"李工","section":"设施组"}' accepted
act contact "$unit_key" '{"result":"reached","mode":"phone","content":"已告知受理情况"}' accepted
contact=$(need "$answer" '"contacts":\[{"id":"')
act dispose "$unit_key" '{"text":"已清运满溢垃圾并冲洗地面","site_check":"yes"}' in_progress
act feedback "$unit_key" '{"summary":"已清运，加密收运班次","fact_finding":"true",
"appeal_finding":"reasonable","case_valuation":"resolved","contact_id":"'"$contact"'"}' feedback_submitted

step '值班台回复、办结、回访'
act reply "$desk" '{"mode":"phone","reply_points":"已清运并加密班次","reply_satisfaction":"satisfied"}' replied
act complete "$desk" '{}' completed
act follow-up "$desk" '{"reached":"yes","first_contact":"yes","overall":"satisfied",
"attitude":"satisfied","solved":"yes","redo":false}' followed_up

step '等后台做完'
call 200 POST "$scoring/sandbox/settle" -H 'content-type: application/json' \
    --data-binary '{"timeout_seconds":30}'
printf '   没有未处理完的工作\n'

step "考核：$period，$unit"
call 200 GET "$scoring/v1/scores?period=$period&by=unit" -H "authorization: Bearer $desk"
row=$(printf '%s\n' "$answer" | sed -n "s/\"key\":\"$unit\"/\\
/; s/^.*\\n//p" | sed 's/"key":.*//')
[ -n "$row" ] || stop "考核表里没有 $unit"
for metric in first_contact_rate on_time_completion_rate timely_reply_rate \
    actual_resolution_rate satisfaction_score; do
    printf '   %-24s %s\n' "$metric" "$(figure "$row" "$metric")"
done

step '数字背后的工单'
call 200 GET "$scoring/v1/scores/tickets?period=$period&by=unit&key=$unit&metric=first_contact_rate&part=num&limit=500" \
    -H "authorization: Bearer $desk"
case $answer in
*"\"no\":\"$no\""*) printf '   %s 在 first_contact_rate 的分子里\n' "$no" ;;
*) stop "$no 不在 first_contact_rate 的分子里" ;;
esac

printf '\n走完了：%s 从推送到考核\n' "$no"
