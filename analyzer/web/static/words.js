// Every word of the page in English and Korean, and which of the two is spoken.

const WORDS = {
  overview: ["Overview", "현황"],
  ask: ["Ask", "질문"],
  status: ["Status", "상태"],
  skip: ["Skip to content", "본문으로 건너뛰기"],
  navigation: ["Main", "주 메뉴"],
  language: ["한국어", "English"],
  themeAuto: ["Theme: as the system", "테마: 시스템 설정"],
  themeLight: ["Theme: light", "테마: 밝게"],
  themeDark: ["Theme: dark", "테마: 어둡게"],
  old: ["This is {0} old", "{0} 전 데이터"],
  waiting: ["Waiting for the first cycle", "첫 주기를 기다리는 중"],
  cut: ["No connection to the analyzer: what you see is {0} old. Trying again.", "분석기에 연결되지 않습니다. 화면은 {0} 전 데이터이며 다시 연결하는 중입니다."],
  stale: ["The analyzer's last cycle is {0} old: what you see may no longer be so.", "분석기의 마지막 주기가 {0} 전입니다. 화면이 현재와 다를 수 있습니다."],
  fallback: ["Served by {0}: {1}", "{0}에서 제공 중: {1}"],
  nobody: ["Nobody serves data: {0}. What you see is {1} old.", "데이터를 제공하는 곳이 없습니다: {0}. 화면은 {1} 전 데이터입니다."],
  shownAs: ["What is shown is as of {0}.", "{0} 기준 화면입니다."],
  loading: ["Loading", "불러오는 중"],
  failed: ["This could not be loaded: {0}", "불러오지 못했습니다: {0}"],
  nothingThere: ["There is no such page.", "없는 페이지입니다."],
  ok: ["As usual", "정상"], info: ["Info", "참고"], warning: ["Warning", "주의"], critical: ["Critical", "심각"],
  silent: ["Silent", "응답 없음"], learning: ["Learning", "학습 중"], unknown: ["Unknown", "알 수 없음"],
  allWell: ["Every host is as usual: {0} of {0}", "호스트 {0}대 모두 정상입니다"],
  someTrouble: ["Hosts that need a look: {0} of {1}", "호스트 {1}대 중 {0}대를 확인하세요"],
  noTrouble: ["Hosts that need a look: 0 of {0}", "호스트 {0}대에 확인할 문제가 없습니다"],
  incidents: ["Incidents now", "현재 발생한 문제"],
  noIncidents: ["No incidents just now.", "현재 발생한 문제가 없습니다."],
  hosts: ["Hosts", "호스트"],
  search: ["Find a host", "호스트 찾기"],
  noHosts: ["No host matches.", "해당하는 호스트가 없습니다."],
  all: ["All", "전체"],
  health: ["Health", "건강도"],
  healthOf: ["Health {0} of 100", "건강도 100점 중 {0}점"],
  healthUnknown: ["Health unknown", "건강도 알 수 없음"],
  performance: ["Headroom", "여유"],
  since: ["since {0}", "{0}부터"],
  lasted: ["{0} to {1} ({2})", "{0} ~ {1} ({2})"],
  firing: ["Firing now", "발생 중"],
  ended: ["Ended", "종료됨"],
  points: ["What took points away", "점수를 낮춘 원인"],
  nothingTaken: ["Nothing took points away.", "점수를 낮춘 원인이 없습니다."],
  pointsLost: ["−{0}", "−{0}점"],
  strain: ["strain", "부하"], finding: ["finding", "문제"], exhaustion: ["running out", "고갈 예상"], host: ["host", "호스트"],
  address: ["Address", "주소"], condition: ["Condition", "진행"], began: ["Began", "시작"], finished: ["Ended", "종료"],
  understanding: ["understanding", "이해"], computing: ["computing", "계산"], total: ["in all", "전체"], phrasing: ["wording", "문장"],
  usualOne: ["usually {0}", "평소 {0}"],
  state: ["State", "상태 유형"], lastSeen: ["Last seen", "마지막 수신"], score: ["Anomaly score", "이상 점수"],
  runsOut: ["Runs out", "고갈 예상"],
  runsOutIn: ["{0} reaches its limit in {1}", "{0}: {1} 뒤 한도 도달"],
  atLimit: ["{0} is at its limit", "{0}: 한도 도달"],
  charts: ["Metrics", "메트릭"],
  moreCharts: ["All features: {0}", "모든 특징: {0}개"],
  range: ["Time range", "시간 범위"],
  zoomHint: ["Drag over a chart to zoom, double-click to go back.", "차트를 드래그하면 확대되고 두 번 누르면 되돌아갑니다."],
  resetZoom: ["Reset zoom", "확대 취소"],
  legend: ["Line: measured. Band: usual (middle 90% of the day before). Dashed: forecast with its interval. Red: an incident this had a part in; a red strip below: another one.", "선: 측정값. 띠: 평소 범위(전날의 중간 90%). 점선: 예측과 구간. 빨강: 이 항목이 원인인 문제, 아래 빨간 줄: 다른 문제."],
  chartSays: ["{0}: now {1}, lowest {2}, highest {3}", "{0}: 현재 {1}, 최저 {2}, 최고 {3}"],
  usual: ["usually {0} to {1}", "평소 {0}~{1}"],
  noData: ["no data", "데이터 없음"],
  processes: ["Process groups", "프로세스 그룹"], name: ["Name", "이름"], cores: ["CPU (cores)", "CPU(코어)"], memory: ["Memory", "메모리"], count: ["Count", "개수"],
  noProcesses: ["This host's exporter tells of no processes.", "이 호스트의 익스포터가 프로세스를 제공하지 않습니다."],
  services: ["Services", "서비스"],
  noServices: ["This host's exporter tells of no services.", "이 호스트의 익스포터가 서비스를 제공하지 않습니다."],
  showServices: ["Show all services", "모든 서비스 보기"],
  logs: ["Log lines by form", "로그 유형"], noLogs: ["No lines of severity warning or worse in this time.", "이 시간 동안 경고 이상의 로그가 없습니다."],
  noLogsGiven: ["This host's exporter gives no logs: {0}", "이 호스트의 익스포터가 로그를 제공하지 않습니다: {0}"],
  text: ["Text", "내용"], from: ["From", "출처"], times: ["Times", "횟수"],
  history: ["Incidents of this host", "이 호스트의 문제 기록"], noHistory: ["None so far.", "아직 없습니다."],
  grafana: ["Open in Grafana", "Grafana에서 열기"],
  askHost: ["Ask about this host", "이 호스트에 대해 질문"],
  learningNow: ["{0} of {1} steps seen", "{1}스텝 중 {0}스텝 관찰"],
  causes: ["Ranked causes", "원인 순위"], proof: ["What it rests on", "판단 근거"],
  movedWith: ["What moved with it", "함께 변한 것"], nothingMoved: ["No process, service, probe or log was seen to move with it.", "함께 변한 프로세스, 서비스, 프로브, 로그가 없습니다."],
  notLooked: ["What moved with it was not looked for.", "함께 변한 것을 조사하지 않았습니다."], lookedAt: ["Looked at {0}.", "{0}에 조사함."],
  notAsked: ["Could not be asked: {0}", "조사하지 못한 것: {0}"],
  inOrder: ["In the order in which they moved", "변한 순서"], later: ["Later by", "지연"], first: ["first", "처음"], now: ["Now", "현재"], usualValue: ["Usual", "평소"],
  findings: ["Findings", "발견 항목"], findingsFiring: ["{0} of {1} firing", "{1}건 중 {0}건 발생 중"], easing: ["Nothing fires any more", "더는 발생하지 않음"],
  onHosts: ["{0} hosts", "호스트 {0}대"], ofFindings: ["{0} findings", "발견 항목 {0}건"], untold: ["shown, not told", "알리지 않고 표시만 함"],
  anomaly: ["unusual behaviour", "평소와 다른 동작"], departure: ["unlike the hosts of its group", "그룹의 다른 호스트와 다름"],
  silence: ["Silence the like of it for", "비슷한 알림 중지"], silenceComment: ["From the page: {0}", "웹 페이지에서: {0}"],
  silenced: ["Silenced from the next cycle on: recorded, not told.", "다음 주기부터 알리지 않고 기록만 합니다."], silencedUntil: ["Silenced until {0}.", "{0}까지 알림 중지."],
  endSilence: ["End the silence", "알림 중지 해제"], silenceEnded: ["The silence is over.", "알림 중지를 해제했습니다."],
  silences: ["Silences", "알림 중지"], noSilences: ["Nothing is silenced.", "중지된 알림이 없습니다."], silencesFrom: ["From {0}.", "{0}부터."],
  share: ["{0} of it", "기여도 {0}"],
  value: ["value {0}", "값 {0}"],
  query: ["Query", "쿼리"],
  together: ["At the same time", "같은 시간에 발생한 문제"], noTogether: ["Nothing else was found then.", "다른 문제는 없었습니다."],
  logsThen: ["Log lines then", "당시 로그"],
  advice: ["What to do", "조치"], noAdvice: ["There is no reviewed advice for this.", "검토된 조치 안내가 없습니다."],
  look: ["Look", "확인"], mend: ["Mend", "조치"], risk: ["Risk", "위험"],
  adviceQuestion: ["What should I do about {0}?", "{0} 서버 어떻게 조치해야 해?"],
  feedback: ["Was this right?", "이 판단이 맞았나요?"],
  useful: ["Useful", "유용함"], notAnomaly: ["Not an anomaly", "이상 아님"], undo: ["Undo", "되돌리기"],
  thanksUseful: ["Noted as useful.", "유용한 것으로 기록했습니다."],
  thanksNot: ["Noted: not an anomaly.", "이상이 아니라고 기록했습니다."],
  takenBack: ["Taken back.", "되돌렸습니다."],
  question: ["Your question", "질문"], send: ["Ask", "질문하기"], placeholder: ["What is wrong right now?", "지금 무슨 문제가 있어?"],
  starters: ["Try one of these", "이렇게 물어보세요"],
  starter1: ["How are my hosts?", "서버 상태 어때?"],
  starter2: ["Is anything unusual?", "무슨 이상이 있어?"],
  starter3: ["Which processes use the most memory?", "메모리를 가장 많이 쓰는 프로세스는?"],
  starter4: ["When will the disk be full?", "디스크는 언제 가득 차?"],
  starter5: ["Why is the CPU busy?", "CPU 사용률이 왜 높아?"],
  thinking: ["Computing", "계산 중"], wording: ["Computed; being put into words", "계산 완료, 문장을 다듬는 중"],
  evidence: ["Evidence", "근거"], openEvidence: ["Open in Prometheus", "Prometheus에서 열기"],
  at: ["At", "시각"], expected: ["Expected", "예측"],
  basis: ["What this rests on", "답변의 바탕"],
  answeredBy: ["Worded by", "작성"], deterministic: ["code alone", "코드"], model: ["model", "모델"],
  sources: ["Sources", "출처"], tried: ["Better ways that failed", "실패한 우선 경로"], none: ["none", "없음"],
  took: ["Time", "소요 시간"], cached: ["From the cache", "캐시 사용"], yes: ["yes", "예"], no: ["no", "아니오"],
  confidence: ["Sure of having understood", "이해 확신도"],
  unsupported: ["This kind of question can't be answered.", "답할 수 없는 질문입니다."],
  ready: ["Ready", "준비됨"], notReady: ["Not ready: {0}", "준비되지 않음: {0}"],
  source: ["Source", "데이터 출처"], cycle: ["Last cycle", "마지막 주기"], stages: ["Stages of the last cycle", "마지막 주기의 단계"],
  failures: ["Stages that could not look", "확인하지 못한 단계"], noFailures: ["Every stage could look.", "모든 단계가 확인했습니다."],
  outbox: ["Deliveries owed", "보낼 알림"], noOutbox: ["Nothing was ever owed.", "보낼 것이 없었습니다."],
  sink: ["To", "대상"], pending: ["Waiting", "대기"], delivered: ["Delivered", "전달됨"], refused: ["Refused", "거절됨"], failuresCount: ["Failed attempts", "실패한 시도"],
  notConfigured: ["no longer in the settings", "설정에 없음"],
  components: ["Models, budget, cache", "모델, 예산, 캐시"],
  degraded: ["Degraded", "저하됨"], off: ["Off", "꺼짐"], well: ["Well", "양호"],
  provider: ["Language model", "언어 모델"], cache: ["Cache", "캐시"], budget: ["Budget", "예산"],
  noComponents: ["No parts are told of.", "표시할 구성 요소가 없습니다."],
  version: ["Version", "버전"], apiDocument: ["API description", "API 설명서"],
  newIncident: ["New incident: {0}", "새 문제: {0}"],
};

let spoken = stored() ?? (navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en");

export const language = () => spoken;

/** The page's word, with {0}, {1} … filled in. */
export function w(key, ...values) {
  const word = WORDS[key][spoken === "ko" ? 1 : 0];
  return word.replace(/\{(\d)\}/g, (_, place) => values[Number(place)] ?? "");
}

// What the parts of the analyzer count, by the API's names.
const FIGURES = {
  hits: ["found", "적중"], misses: ["not found", "없음"], saved: ["computations shared", "함께 쓴 계산"], failures: ["failures", "실패"],
  calls_today: ["calls today", "오늘 호출"], calls_a_day: ["calls a day at most", "하루 최대 호출"],
  tokens_today: ["tokens today", "오늘 토큰"], money_today: ["money today", "오늘 비용"], money_a_day: ["money a day at most", "하루 최대 비용"],
  refusals: ["calls not made", "보내지 않은 호출"],
};

/** A figure's name in the spoken language; one that is not known yet as the API names it. */
export const figure = (name) => FIGURES[name]?.[spoken === "ko" ? 1 : 0] ?? name.replaceAll("_", " ");

/** The spoken one of {en, ko}. */
export const told = (words) => words?.[spoken] ?? "";

export function speak(other) {
  spoken = other;
  document.documentElement.lang = other;
  try {
    localStorage.setItem("language", other);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

function stored() {
  try {
    const kept = localStorage.getItem("language");
    return kept === "ko" || kept === "en" ? kept : null;
  } catch {
    return null;
  }
}
