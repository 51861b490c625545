// What each trouble of anchoring means to the person on duty, and what they can do.
import type { ProblemSentence } from '../shared/problem-sentences.ts';

const sentences: Record<string, ProblemSentence> = {
  CHAIN_AWAY: {
    what: { ko: '체인 노드가 응답하지 않습니다.', en: 'No chain node answers.' },
    advice: {
      ko: '발급과 검침은 계속되고, 기록은 노드가 돌아오면 이어집니다. 노드와 연결망을 살펴 주세요.',
      en: 'Issuing and metering go on; records follow once a node is back. Look at the node and the network.',
    },
  },
  CHAIN_WRONG: {
    what: { ko: '다른 체인의 노드입니다.', en: 'A node is of another chain.' },
    advice: {
      ko: '그 노드는 쓰지 않습니다. CHAIN_RPC_URL과 CHAIN_ID를 바로잡아 주세요.',
      en: 'It is not used. Correct CHAIN_RPC_URL or CHAIN_ID.',
    },
  },
  CHAIN_NODES_DISAGREE: {
    what: { ko: '노드들이 서로 다르게 답합니다.', en: 'The nodes disagree.' },
    advice: {
      ko: '확정을 멈추고 있습니다. 어느 노드가 틀렸는지 다른 조회 도구와 견주어 주세요.',
      en: 'Nothing becomes final meanwhile. Find out with another explorer which node is wrong.',
    },
  },
  CHAIN_FUNDS_MISSING: {
    what: { ko: '보내는 계정의 잔액이 모자랍니다.', en: 'The account can’t pay for the next epoch.' },
    advice: { ko: '아래 주소에 잔액을 채우면 스스로 이어집니다.', en: 'Fund the address below; it goes on by itself.' },
  },
  CHAIN_FEE_CEILING: {
    what: { ko: '수수료가 정해 둔 한도를 넘습니다.', en: 'Fees are above the ceiling that was set.' },
    advice: {
      ko: '체인이 한산해지면 스스로 이어집니다. 급하면 CHAIN_MAX_FEE_GWEI를 올려 주세요.',
      en: 'It goes on once the network is less busy. Where it is urgent, raise CHAIN_MAX_FEE_GWEI.',
    },
  },
  CHAIN_PAUSED: {
    what: { ko: '등록부 소유자가 기록을 멈추었습니다.', en: 'The owner of the registry has stopped commits.' },
    advice: { ko: '소유자가 다시 허용하면 스스로 이어집니다.', en: 'It goes on once the owner allows them again.' },
  },
  CHAIN_AHEAD: {
    what: { ko: '체인이 데이터베이스보다 앞서 있습니다.', en: 'The chain is ahead of the database.' },
    advice: {
      ko: '옛 데이터베이스를 복원했거나, 보내는 열쇠가 도난되었을 수 있습니다. 아무것도 보내지 않고 있습니다. 운영 문서의 복구 절차를 따라 주세요.',
      en: 'An old database was restored, or the committing key was stolen. Nothing is sent. Follow the recovery in the operating manual.',
    },
  },
  CHAIN_DIFFERENT: {
    what: { ko: '같은 회차의 루트가 체인과 다릅니다.', en: 'An epoch has another root on the chain.' },
    advice: {
      ko: '보내는 열쇠가 도난되었을 수 있습니다. 등록부 소유자가 열쇠를 바꾸고, 운영 문서의 복구 절차를 따라 주세요.',
      en: 'The committing key may have been stolen. Have the owner rotate it and follow the recovery in the operating manual.',
    },
  },
  CHAIN_CONTRACT_UNUSABLE: {
    what: { ko: '장부 계약을 쓸 수 없습니다.', en: 'The anchor contract can’t be used.' },
    advice: { ko: '아래 까닭을 보고 설정을 바로잡아 주세요.', en: 'See the reason below and correct the settings.' },
  },
  ANCHOR_LOG_DAMAGED: {
    what: { ko: '변경 기록이 손상되었습니다.', en: 'The log of changes is damaged.' },
    advice: { ko: '백업에서 되돌려 주세요.', en: 'Restore it from a backup.' },
  },
};

export function troubleSentence(code: string): ProblemSentence {
  return (
    sentences[code] ?? {
      what: { ko: '체인에 기록하지 못하고 있습니다.', en: 'Epochs do not reach the chain.' },
      advice: {
        ko: '계속 다시 시도합니다. 서비스의 로그를 살펴 주세요.',
        en: 'It is tried again and again. See the log.',
      },
    }
  );
}
